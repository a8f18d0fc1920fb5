import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endWithProcess } from '../../spec/support/endWithProcess';
import type { Master } from '../../spec/support/Master';
import { startMasters } from '../../spec/support/masters';
import { removeFolder } from '../../spec/support/removeFolder';
import { judge, type Assignment } from './ledger';
import { writeLockFile } from './lockFile';
import { HELP, readCommand, type DemoOptions } from './options';
import { Outage } from './Outage';
import { isGood, report, seconds, type Outcome } from './report';
import { WorkerProcess, type Appended, type WorkerEnd } from './WorkerProcess';

const MASTERS = 5;

const startedMs = performance.now();

function tell(text: string): void {
  console.log(`${seconds(performance.now() - startedMs).padStart(7)}  ${text}`);
}

async function main(): Promise<number> {
  const command = readCommand(process.argv.slice(2));
  switch (command.kind) {
    case 'help':
      console.log(HELP);
      return 0;
    case 'refused':
      console.error(`${command.reason}; --help shows the options`);
      return 2;
    case 'run': {
      const outcome = await inFolder((folder) => run(folder, command.options));
      console.log(`\n${report(outcome)}`);
      return isGood(outcome) ? 0 : 1;
    }
  }
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-demo-'));
  const remove = (): void => removeFolder(folder);
  const unhook = endWithProcess(remove);
  try {
    return await work(folder);
  } finally {
    remove();
    unhook();
  }
}

async function run(folder: string, options: DemoOptions): Promise<Outcome> {
  console.log(introduction(options));
  // Without a lock there is nothing for masters to agree on.
  const masters = options.withLock ? await startMasters(MASTERS) : [];
  try {
    if (options.withLock) tell(`${MASTERS} Redis masters up: ${masters.map(addressOf).join(' ')}`);
    return await write(folder, options, masters);
  } finally {
    await Promise.all(masters.map((master) => master.stop()));
  }
}

/** The work itself, from an empty ledger to its judgement. */
async function write(folder: string, options: DemoOptions, masters: readonly Master[]): Promise<Outcome> {
  const ledger = join(folder, 'ledger.txt');
  writeFileSync(ledger, '');
  const config = options.withLock ? join(folder, 'lock.json') : null;
  if (config !== null) writeLockFile(config, masters);
  const names = Array.from({ length: options.workers }, (_, index) => `worker-${index + 1}`);
  const assignment: Assignment = { workers: names, lines: options.lines };
  const total = names.length * options.lines;
  const outage = new Outage(masters, total, tell);
  const appended: Appended[] = [];
  const onAppended = (line: Appended): void => {
    appended.push(line);
    showProgress(appended.length, total);
    outage.advance();
  };
  const workers = names.map((name) => new WorkerProcess({ name, ledger, lines: options.lines, config }, onAppended));
  await Promise.all(workers.map(({ ready }) => ready));
  tell(`${workers.length} worker processes ready: ${workers.map(({ pid }) => pid).join(' ')}`);
  const beganMs = performance.now();
  for (const worker of workers) worker.start();
  const ends = await Promise.all(workers.map(({ ended }) => ended));
  const tookMs = performance.now() - beganMs;
  const failures = ends.flatMap((end, index) => failureOf(end, names[index]));
  await outage.settled().catch((error: unknown) => failures.push(`masters: ${(error as Error).message}`));
  return {
    withLock: options.withLock,
    assignment,
    verdict: judge(readFileSync(ledger, 'utf8'), assignment),
    waitsMs: appended.flatMap(({ waitMs }) => waitMs ?? []),
    unconfirmedReleases: appended.filter(({ isReleased }) => !isReleased).length,
    masters: masters.map((master, index) => ({
      address: addressOf(master),
      fate: outage.fates[index] ?? { kind: 'up' },
      seen: ends.flatMap((end) => (end.kind === 'done' ? (end.masters[index] ?? []) : [])),
    })),
    failures,
    tookMs,
  };
}

function introduction({ withLock, workers, lines }: DemoOptions): string {
  const quorum = Math.floor(MASTERS / 2) + 1;
  return `Each of ${workers} worker processes appends ${lines} numbered lines to one shared ledger file. To append is to read the whole
file, add a line numbered one higher than the last, and write the whole file: done by two at once, one line is lost.
${
  withLock
    ? `So each worker first acquires a lock from ${MASTERS} Redis masters: it is held by the one that ${quorum} of them have granted it to.`
    : 'Here nobody asks for a lock: this is the same work with nothing to keep two workers from doing it at once.'
}
`;
}

function showProgress(done: number, total: number): void {
  const tenth = Math.ceil(total / 10);
  if (done % tenth !== 0 && done !== total) return;
  const filled = Math.round((20 * done) / total);
  tell(`[${'#'.repeat(filled).padEnd(20, '.')}] ${done} of ${total} lines`);
}

function addressOf({ host, port }: Master): string {
  return `${host}:${port}`;
}

function failureOf(end: WorkerEnd, name = ''): string[] {
  return end.kind === 'failed' ? [`${name}: ${end.reason}`] : [];
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(`The demo could not run: ${(error as Error).message}`);
    // Workers that nobody waits for any more would keep it alive.
    process.exit(1);
  },
);

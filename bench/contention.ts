import { setTimeout as sleep } from 'node:timers/promises';
import { nowMs } from '../chaos/clock';
import type { Master } from '../spec/support/Master';
import { startMasters } from '../spec/support/masters';
import { benchHandOver } from './handOver';
import type { Contended, Side } from './messages';
import { benchRefused } from './refused';
import { commandsSent, sentShares, type SentShares } from './sentCommands';
import { WorkerProcess } from './WorkerProcess';

const SIDES: readonly Side[] = ['this library', 'redlock alone'];
const CLIENTS = [2, 8, 32, 64];
const PROCESSES = [2, 8, 32];
const WAITERS = [50, 1000];
/** From the order to begin to the beginning, so that all begin together. */
const LEAD_MS = 100;
const SAMPLE_MS = 500;

/** Who contends for one key, and how long. */
interface Case {
  readonly processes: number;
  /** In each process, each with connections of its own. */
  readonly clients: number;
  /** On each client. */
  readonly waiters: number;
  readonly windowMs: number;
}

interface Result extends Contended {
  readonly msPerSection: number;
  readonly commands: number;
}

/** How locks fare that several want at once: on three masters, beside redlock alone. */
export async function benchContention(windowMs: number): Promise<void> {
  const masters = await startMasters(3);
  const crew: WorkerProcess[] = [];
  try {
    grow(crew, 2);
    const contention = new Contention(masters, crew, windowMs);
    await contention.learn();
    await contention.sections();
    await contention.crowd();
    await benchHandOver(masters, [crew[0] as WorkerProcess, crew[1] as WorkerProcess]);
    await benchRefused(masters);
  } finally {
    await Promise.all(crew.map((worker) => worker.stop()));
    await Promise.all(masters.map((master) => master.stop()));
  }
}

class Contention {
  readonly #shares = new Map<Side, SentShares>();
  #keys = 0;

  constructor(
    private readonly masters: readonly Master[],
    private readonly crew: WorkerProcess[],
    private readonly windowMs: number,
  ) {}

  /** Which commands scripts run, and which are sent. */
  async learn(): Promise<void> {
    const few = { processes: 2, clients: 2, waiters: 2, windowMs: SAMPLE_MS };
    for (const side of SIDES) {
      this.#shares.set(side, await sentShares(this.masters[0] as Master, () => this.#contend(side, few)));
    }
  }

  async sections(): Promise<void> {
    const alone = await timerMs();
    console.log(`\n3 masters, all want one key, ${this.windowMs / 1000} s each. Per section: 1 ms of work`);
    console.log(`(a timer of 1 ms, which takes ${alone.toFixed(2)} ms by itself), commands sent to all masters,`);
    console.log('attempts refused. The least served client or process, in parts of a fair share.');
    console.log(`\n  ${''.padEnd(16)}ms per section   of it work  commands   refused  least served`);
    for (const clients of CLIENTS) await this.#compare(`${clients} clients in one process`, 1, clients);
    for (const processes of PROCESSES) await this.#compare(`${processes} processes`, processes, 1);
  }

  /** Many callers of one instance. */
  async crowd(): Promise<void> {
    console.log('\n  waiters in one process on one instance, ms per section');
    console.log(`    ${''.padEnd(16)}${WAITERS.map((waiters) => String(waiters).padStart(10)).join('')}     ratio`);
    for (const side of SIDES) {
      const took: number[] = [];
      for (const waiters of WAITERS) {
        const result = await this.#contend(side, { processes: 1, clients: 1, waiters, windowMs: this.windowMs });
        took.push(result.msPerSection);
      }
      const ratio = (took[1] ?? NaN) / (took[0] ?? NaN);
      console.log(`    ${side.padEnd(16)}${took.map((ms) => figure(ms, 2, 10)).join('')}${figure(ratio, 2, 10)} x`);
    }
  }

  async #compare(title: string, processes: number, clients: number): Promise<void> {
    grow(this.crew, processes);
    console.log(`  ${title}`);
    const results = new Map<Side, Result>();
    for (const side of SIDES) {
      results.set(side, await this.#contend(side, { processes, clients, waiters: 1, windowMs: this.windowMs }));
    }
    const base = results.get('redlock alone')?.msPerSection ?? NaN;
    for (const [side, { msPerSection, workMs, sections, commands, refused }] of results) {
      const total = sum(sections);
      const ratio = figure(msPerSection / base, 2, 6);
      const cells = [figure(workMs / total, 2, 11), figure(commands / total, 1, 10), figure(refused / total, 2, 10)];
      const share = figure(Math.min(...sections) / (total / sections.length), 2, 14);
      console.log(`    ${side.padEnd(14)}${figure(msPerSection, 2, 8)}${ratio} x${cells.join('')}${share}`);
    }
  }

  async #contend(side: Side, { processes, clients, waiters, windowMs }: Case): Promise<Result> {
    const crew = this.crew.slice(0, processes);
    const masters = this.masters.map(({ host, port }) => ({ host, port }));
    await Promise.all(crew.map((worker) => worker.order({ kind: 'open', side, clients, masters })));
    const shares = this.#shares.get(side) ?? new Map<string, number>();
    const key = `bench:contended:${(this.#keys += 1)}`;
    const before = await commandsSent(this.masters, shares);
    const fromMs = nowMs() + LEAD_MS;
    const untilMs = fromMs + windowMs;
    const [commands, ...contended] = await Promise.all([
      sleep(untilMs - nowMs()).then(() => commandsSent(this.masters, shares)),
      ...crew.map((worker) => worker.order({ kind: 'contend', key, waiters, fromMs, untilMs })),
    ]);
    await Promise.all(crew.map((worker) => worker.order({ kind: 'close' })));
    // In one process its clients are compared with each other, otherwise the processes.
    const sections = contended.flatMap((one) => one.sections);
    return {
      sections,
      msPerSection: windowMs / sum(sections),
      workMs: sum(contended.map(({ workMs }) => workMs)),
      refused: sum(contended.map(({ refused }) => refused)),
      commands: commands - before,
    };
  }
}

function grow(crew: WorkerProcess[], size: number): void {
  while (crew.length < size) crew.push(new WorkerProcess());
}

/** How long a timer of 1 ms takes where nothing else happens. */
async function timerMs(): Promise<number> {
  const startedMs = nowMs();
  for (let left = 200; left > 0; left -= 1) await sleep(1);
  return (nowMs() - startedMs) / 200;
}

/** No section at all leaves nothing to divide by. */
function figure(value: number, digits: number, width: number): string {
  return (Number.isFinite(value) ? value.toFixed(digits) : 'none').padStart(width);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

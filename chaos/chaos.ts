import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endWithProcess } from '../spec/support/endWithProcess';
import { removeFolder } from '../spec/support/removeFolder';
import { isClean } from './judge';
import { HELP, readCommand, type ChaosOptions } from './options';
import { describe } from './report';
import { run } from './run';

/** What starting, healing, stopping and judging one set may take at most; then the run is ended from outside. */
const OVERHEAD_MS = 120_000;

const startedMs = performance.now();

function tell(text: string): void {
  console.log(`${((performance.now() - startedMs) / 1000).toFixed(1).padStart(7)} s  ${text}`);
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
    case 'run':
      return boundedly(command.options, () => runAll(command.options));
  }
}

/** Whatever hangs, this ends: with the process goes all that it has started. */
async function boundedly(options: ChaosOptions, work: () => Promise<number>): Promise<number> {
  const limitMs = options.seconds * 1000 + options.sizes.length * OVERHEAD_MS;
  const timer = setTimeout(() => {
    console.error(`The run has not ended within ${limitMs / 1000} s, and is ended.`);
    process.exit(1);
  }, limitMs);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
  }
}

async function runAll({ seconds, seed, sizes, isGuarded }: ChaosOptions): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'chaos-'));
  const unhook = endWithProcess(() => removeFolder(folder));
  console.log(`Seed ${seed}: --seed ${seed} replays the schedule. The restart guard is ${isGuarded ? 'on' : 'off'}.`);
  let areAllClean = true;
  for (const masters of sizes) {
    const durationMs = Math.round((seconds * 1000) / sizes.length);
    const outcome = await run({ seed, masters, durationMs, isGuarded }, join(folder, `${masters}-masters`), tell);
    const keptBack = outcome.keptBack === 0 ? '' : ` (${outcome.keptBack} losses of memory came too soon to be fair)`;
    console.log(`\n${masters} masters, ${outcome.steps} steps${keptBack}\n${describe(outcome.verdict)}\n`);
    areAllClean &&= isClean(outcome.verdict);
  }
  unhook();
  if (areAllClean) rmSync(folder, { recursive: true, force: true });
  else console.log(`What every worker did, and what was done to the masters and links, is in ${folder}`);
  return areAllClean ? 0 : 1;
}

// Not left to the event loop: what a fault may have left in it must not keep the verdict from its reader.
main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);

import { parseArgs } from 'node:util';
import { startMasters } from '../spec/support/masters';
import type { Master } from '../spec/support/Master';
import { benchContention } from './contention';
import { bareCommands, facade, redlockAlone } from './contenders';
import { benchLeases } from './leases';
import { benchOutage } from './outage';
import { inFlight, interleaved, sequential, type Contender, type Figures } from './measure';

const LANES = 64;
const BASELINE = 'redlock alone';

const PARTS = ['pairs', 'outage', 'contention', 'leases'];

async function main(): Promise<void> {
  const { only, rounds, seconds } = readOptions();
  if (only === null || only === 'pairs') await benchPairs(rounds);
  if (only === null || only === 'outage') await benchOutage();
  if (only === null || only === 'contention') await benchContention(seconds * 1000);
  if (only === null || only === 'leases') await benchLeases(rounds);
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      rounds: { type: 'string', default: '60' },
      seconds: { type: 'string', default: '1.5' },
    },
  });
  const only = values.only ?? null;
  const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
  if (only !== null && !PARTS.includes(only)) throw new Error(`--only takes one of ${PARTS.join(', ')}`);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds takes a whole number from 1');
  if (!(seconds >= 0.1 && seconds <= 30)) throw new Error('--seconds takes a number from 0.1 to 30');
  return { only, rounds, seconds };
}

async function benchPairs(rounds: number): Promise<void> {
  console.log(`Uncontended locks, acquire and release: medians of ${rounds} interleaved rounds.`);
  console.log(`Ratios are medians of each round's own ratio to ${BASELINE}.`);
  await bench(3, rounds);
  for (const size of [1, 5, 7]) await bench(size, Math.ceil(rounds / 3));
}

/** All contenders over one set of masters, which is started for it and stopped after it. */
async function bench(size: number, rounds: number): Promise<void> {
  const masters = await startMasters(size);
  try {
    const contenders = await Promise.all([facade, redlockAlone, bareCommands].map((open) => open(masters)));
    try {
      await report(masters, contenders, rounds);
    } finally {
      await Promise.all(contenders.map((contender) => contender.close()));
    }
  } finally {
    await Promise.all(masters.map((master) => master.stop()));
  }
}

async function report(masters: readonly Master[], contenders: readonly Contender[], rounds: number): Promise<void> {
  console.log(`\n${masters.length} ${masters.length === 1 ? 'master' : 'masters'}`);
  const oneByOne = await interleaved(contenders, rounds, BASELINE, (contender) => sequential(contender, 100));
  print('one after the other, µs per pair', oneByOne);
  const many = await interleaved(contenders, rounds, BASELINE, (contender) => inFlight(contender, 1000, LANES));
  print(`${LANES} in flight, pairs per second`, many);
}

function print(title: string, figures: readonly Figures[]): void {
  console.log(`  ${title}`);
  for (const { name, value, ratio } of figures) {
    console.log(`    ${name.padEnd(16)}${value.toFixed(0).padStart(8)}${ratio.toFixed(2).padStart(8)} x`);
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});

import { startMasters } from '../spec/support/masters';
import type { Master } from '../spec/support/Master';
import { facade } from './contenders';
import { median, percentile, type Contender } from './measure';

const PAIRS = 10_000;

/** What one master of three costs that hangs, or is dead, once that has been noticed. */
export async function benchOutage(): Promise<void> {
  console.log(`\n3 masters, ${PAIRS} pairs one after the other, before and after one of them is lost`);
  await lose('hung', (master) => master.pause());
  await lose('dead', (master) => master.kill());
}

async function lose(how: string, act: (master: Master) => Promise<void>): Promise<void> {
  const masters = await startMasters(3);
  try {
    const lock = await facade(masters);
    try {
      await latencies(lock, 1000);
      const healthy = await latencies(lock, PAIRS);
      await act(masters[0] as Master);
      const noticing = await latencies(lock, 1);
      // The silence is noticed when node_timeout has passed; a quorum answers meanwhile.
      await new Promise((resolve) => setTimeout(resolve, 1000));
      const lossy = await latencies(lock, PAIRS);
      print('healthy', healthy, healthy);
      print(`one ${how}`, lossy, healthy);
      console.log(`    first pair afterwards ${(noticing.tookMs[0] ?? NaN).toFixed(1)} ms`);
    } finally {
      await lock.close();
    }
  } finally {
    await Promise.all(masters.map((master) => master.stop()));
  }
}

interface Latencies {
  readonly tookMs: readonly number[];
  readonly failures: number;
}

async function latencies(lock: Contender, pairs: number): Promise<Latencies> {
  const tookMs: number[] = [];
  let failures = 0;
  for (let pair = 0; pair < pairs; pair += 1) {
    const startedMs = performance.now();
    await lock.pair(`outage:${pair}`).catch(() => (failures += 1));
    tookMs.push(performance.now() - startedMs);
  }
  return { tookMs, failures };
}

function print(title: string, { tookMs, failures }: Latencies, healthy: Latencies): void {
  const p99 = percentile(tookMs, 0.99);
  const middle = median(tookMs);
  const ratio = middle / median(healthy.tookMs);
  const figures = `median ${middle.toFixed(3)} ms (${ratio.toFixed(2)} x), p99 ${p99.toFixed(2)} ms, ${failures} failed`;
  console.log(`  ${title.padEnd(10)}${figures}`);
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Master } from '../spec/support/Master';
import type { Endpoint } from './contenders';
import { DeafProxy } from './DeafProxy';
import { percentile } from './measure';
import type { Side } from './messages';
import type { WorkerProcess } from './WorkerProcess';

const HAND_OVERS = 320;
/** So many keys at a time: who polls needs most of the time for nothing. */
const LANES = 4;
/** For how long the next holder waits before the release: a poller must be met at any moment of its pause. */
const WAIT_MS = { least: 10, most: 110 };
/** Whoever asked less than this before the release may not have been waiting yet. */
const SETTLED_MS = 5;
const TIMEOUT_MS = 9_000;

type Pair = readonly [WorkerProcess, WorkerProcess];

/** From the release in one process to the hold in another that has been waiting. */
export async function benchHandOver(masters: readonly Master[], pair: Pair): Promise<void> {
  console.log(`\n  from a release to the next hold, in another process that was waiting; ${HAND_OVERS} times`);
  await measure('this library', masters, pair, 'this library');
  await measure('redlock alone', masters, pair, 'redlock alone');
  const proxies = await Promise.all(masters.map((master) => DeafProxy.start(master)));
  try {
    await measure('this library', proxies, pair, 'no message arrives');
    const dropped = proxies.reduce((sum, proxy) => sum + proxy.dropped, 0);
    console.log(`    (${dropped} messages were sent and dropped on their way)`);
  } finally {
    await Promise.all(proxies.map((proxy) => proxy.close()));
  }
}

async function measure(side: Side, masters: readonly Endpoint[], pair: Pair, title: string): Promise<void> {
  const endpoints = masters.map(({ host, port }) => ({ host, port }));
  await Promise.all(pair.map((worker) => worker.order({ kind: 'open', side, clients: 1, masters: endpoints })));
  try {
    const lanes = Array.from({ length: LANES }, (_, lane) => handOvers(pair, `bench:hand-over:${title}:${lane}`));
    const tookMs = (await Promise.all(lanes)).flat();
    const [middle, p99] = [percentile(tookMs, 0.5), percentile(tookMs, 0.99)];
    console.log(
      `    ${title.padEnd(20)}median ${middle.toFixed(2).padStart(7)} ms, p99 ${p99.toFixed(2).padStart(7)} ms`,
    );
  } finally {
    await Promise.all(pair.map((worker) => worker.order({ kind: 'close' })));
  }
}

async function handOvers(pair: Pair, key: string): Promise<readonly number[]> {
  const tookMs: number[] = [];
  let [holder, waiter] = pair;
  await holder.order({ kind: 'acquire', key, timeoutMs: TIMEOUT_MS });
  while (tookMs.length < HAND_OVERS / LANES) {
    const waitMs = WAIT_MS.least + Math.random() * (WAIT_MS.most - WAIT_MS.least);
    const [{ askedMs, heldMs }, releasedMs] = await Promise.all([
      waiter.order({ kind: 'acquire', key, timeoutMs: TIMEOUT_MS }),
      sleep(waitMs).then(() => holder.order({ kind: 'release', key })),
    ]);
    if (askedMs + SETTLED_MS < releasedMs) tookMs.push(heldMs - releasedMs);
    [holder, waiter] = [waiter, holder];
  }
  await holder.order({ kind: 'release', key });
  return tookMs;
}

import type { Lease, TryLeaseOptions } from '../lib/index';
import type { Master } from '../spec/support/Master';
import { startMasters } from '../spec/support/masters';
import { openLock, redlockAlone } from './contenders';
import { inFlight, interleaved, sequential, type Contender, type Figures } from './measure';
import { benchRenewals } from './renewals';

const TTL_MS = 10_000;
const LANES = 64;
const BY_KEY = 'by key';

/** What a lock as an object costs beside a lock by its key, with a fencing token and with renewals. */
export async function benchLeases(rounds: number): Promise<void> {
  const masters = await startMasters(3);
  try {
    await comparePairs(masters, rounds);
    await benchRenewals(masters);
  } finally {
    await Promise.all(masters.map((master) => master.stop()));
  }
}

async function comparePairs(masters: readonly Master[], rounds: number): Promise<void> {
  const contenders = await Promise.all([
    byKey(masters),
    byLease(masters, 'lease', {}),
    byLease(masters, 'fenced lease', { fencing: true }),
    redlockAlone(masters),
  ]);
  try {
    console.log(`\n3 masters, leases, acquire and release: medians of ${rounds} interleaved rounds.`);
    console.log('Ratios are medians of each round\'s own ratio to the pair "by key" of this library.');
    const oneByOne = await interleaved(contenders, rounds, BY_KEY, (contender) => sequential(contender, 100));
    print('one after the other, µs per pair', oneByOne);
    const many = await interleaved(contenders, rounds, BY_KEY, (contender) => inFlight(contender, 1000, LANES));
    print(`${LANES} in flight, pairs per second`, many);
  } finally {
    await Promise.all(contenders.map((contender) => contender.close()));
  }
}

async function byKey(masters: readonly Master[]): Promise<Contender> {
  const lock = await openLock(masters);
  return {
    name: BY_KEY,
    pair: async (key) => {
      if (!(await lock.tryAcquireLock('bench', key, TTL_MS))) throw new Error(`${key} was not granted`);
      await lock.releaseLock('bench', key);
    },
    close: () => lock.close('bench'),
  };
}

async function byLease(masters: readonly Master[], name: string, options: TryLeaseOptions): Promise<Contender> {
  const lock = await openLock(masters);
  return {
    name,
    pair: async (key) => {
      const lease: Lease | null = await lock.tryAcquireLease('bench', key, TTL_MS, options);
      if (lease === null) throw new Error(`${key} was not granted`);
      await lease.release();
    },
    close: () => lock.close('bench'),
  };
}

function print(title: string, figures: readonly Figures[]): void {
  console.log(`  ${title}`);
  for (const { name, value, ratio } of figures) {
    console.log(`    ${name.padEnd(16)}${value.toFixed(0).padStart(8)}${ratio.toFixed(2).padStart(8)} x`);
  }
}

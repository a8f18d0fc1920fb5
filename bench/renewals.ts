import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { queryObjects } from 'node:v8';
import type { Lease, RedisLock } from '../lib/index';
import type { Master } from '../spec/support/Master';
import { openLock } from './contenders';
import { commandsSent, sentShares, type SentShares } from './sentCommands';

const COUNTS = [1000, 10_000];
const TTL_MS = 6000;
/** Renewals are due at a third of the ttl: each lease sees two in this time, also where the last was acquired late. */
const WINDOW_MS = TTL_MS * (5 / 6);
const LONG_TTL_MS = 60_000;
const IDLE_MS = 1000;
/** So many acquire, or give back, at a time. */
const LANES = 64;
/** How often the loop is looked at; a look is never later than its delay plus this. */
const LOOK_MS = 10;
const SAMPLE = { leases: 20, ttlMs: 300, forMs: 400 };

/** What this process spends in a window of time. */
interface Spent {
  readonly tookMs: number;
  readonly cpuUs: number;
  readonly longestDelayMs: number;
}

/** Many leases that are held at once and renewed by themselves. */
export async function benchRenewals(masters: readonly Master[]): Promise<void> {
  console.log(`\n3 masters, leases with autoRenew and a ttl of ${TTL_MS / 1000} s, held for ${WINDOW_MS / 1000} s`);
  const shares = await learnShares(masters);
  for (const count of COUNTS) {
    await hold(masters, shares, count);
    await countTimers(masters, count);
  }
}

/** Which commands scripts run, and which are sent. */
async function learnShares(masters: readonly Master[]): Promise<SentShares> {
  const lock = await openLock(masters);
  try {
    const leases = await acquireMany(lock, SAMPLE.leases, SAMPLE.ttlMs);
    const shares = await sentShares(masters[0] as Master, () => sleep(SAMPLE.forMs));
    await releaseMany(leases);
    return shares;
  } finally {
    await lock.close('bench');
  }
}

async function hold(masters: readonly Master[], shares: SentShares, count: number): Promise<void> {
  const lock = await openLock(masters);
  try {
    const idle = await spent(IDLE_MS);
    const leases = await acquireMany(lock, count, TTL_MS);
    const renewals = countRenewals(leases[0] as Lease);
    const [before, failedBefore] = [await commandsSent(masters, shares), renewals.failed];
    const startedAt = renewals.kept;
    const busy = await spent(WINDOW_MS);
    const commands = (await commandsSent(masters, shares)) - before;
    const kept = renewals.kept - startedAt;
    if (kept === 0) throw new Error('No renewal was seen');
    const lost = leases.filter((lease) => !lease.isValid()).length;
    const cpuUs = (busy.cpuUs - (idle.cpuUs / idle.tookMs) * busy.tookMs) / kept;
    console.log(`  ${count} leases, ${kept} renewals (${(kept / count).toFixed(2)} for each)`);
    print('CPU of this process per renewal', `${cpuUs.toFixed(1)} µs`);
    print('Redis commands per renewal', `${(commands / kept).toFixed(2)}, on all masters together`);
    print(
      'longest event loop delay',
      `${busy.longestDelayMs.toFixed(1)} ms (idle ${idle.longestDelayMs.toFixed(1)} ms)`,
    );
    print('renewals that failed', `${renewals.failed - failedBefore}`);
    print('leases lost', `${lost}`);
    renewals.end();
    await releaseMany(leases);
    if (lost > 0) process.exitCode = 1;
  } finally {
    await lock.close('bench');
  }
}

async function acquireMany(lock: RedisLock, count: number, ttlMs: number): Promise<readonly Lease[]> {
  const leases: Lease[] = [];
  let asked = 0;
  const lane = async (): Promise<void> => {
    while (asked < count) {
      const key = `bench:renewed:${(asked += 1)}`;
      const lease = await lock.tryAcquireLease('bench', key, ttlMs, { autoRenew: true });
      if (lease === null) throw new Error(`${key} was not granted`);
      leases.push(lease);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return leases;
}

async function releaseMany(leases: readonly Lease[]): Promise<void> {
  const left = [...leases];
  const lane = async (): Promise<void> => {
    for (let lease = left.pop(); lease !== undefined; lease = left.pop()) await lease.release();
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

/** Counted on what all leases have in common. */
function countRenewals(lease: Lease) {
  const leases = Object.getPrototypeOf(lease) as Lease;
  const renew = Object.getOwnPropertyDescriptor(leases, 'renew')?.value as Lease['renew'];
  const counts = { kept: 0, failed: 0, end: () => void (leases.renew = renew) };
  leases.renew = function (this: Lease, ttlOf) {
    const renewed = renew.call(this, ttlOf);
    renewed.then(
      () => (counts.kept += 1),
      () => (counts.failed += 1),
    );
    return renewed;
  };
  return counts;
}

async function spent(forMs: number): Promise<Spent> {
  const delays = monitorEventLoopDelay({ resolution: LOOK_MS });
  const [startedMs, cpu] = [performance.now(), process.cpuUsage()];
  delays.enable();
  await sleep(forMs);
  delays.disable();
  const { user, system } = process.cpuUsage(cpu);
  const longestDelayMs = Math.max(0, delays.max / 1e6 - LOOK_MS);
  return { tookMs: performance.now() - startedMs, cpuUs: user + system, longestDelayMs };
}

/**
 * By themselves: looking through the whole memory stops the process for so long that leases of a shorter ttl could not
 * be renewed meanwhile.
 */
async function countTimers(masters: readonly Master[], count: number): Promise<void> {
  const lock = await openLock(masters);
  try {
    const before = timersInMemory();
    const leases = await acquireMany(lock, count, LONG_TTL_MS);
    const held = timersInMemory() - before;
    const watched = leases.filter(({ signal }) => !signal.aborted).length;
    print('timers for all of them', `${held}; ${timersInMemory() - before} once ${watched} signals are watched`);
    await releaseMany(leases);
  } finally {
    await lock.close('bench');
  }
}

/** Node itself lists only those that keep a process alive, and these do not. */
function timersInMemory(): number {
  const timer = setTimeout(() => {}, 0);
  clearTimeout(timer);
  return queryObjects(timer.constructor, { format: 'count' });
}

function print(name: string, figure: string): void {
  console.log(`    ${name.padEnd(34)}${figure}`);
}

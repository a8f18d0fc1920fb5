import { expect } from 'chai';
import { ConnectionException } from 'pip-services4-commons-node';
import type { RedisLock } from '../../../lib';
import { addressesOf, standsOnAll, thrownBy, useLocks, valuesOn, type Locks } from '../lock/locks';
import { awakeMs } from '../../support/AwakeClock';
import type { Master } from '../../support/Master';
import { startMasters } from '../../support/masters';
import { until } from '../../support/until';

/** A ttl that no test outlasts. */
export const LONG = 60_000;
/** The `node_timeout` of every lock on the stage. */
export const NODE_TIMEOUT = 500;
/** Well below NODE_TIMEOUT, well above what a busy machine needs for a few commands. */
const AT_ONCE = 350;

/** What happens when masters fail, row by row of the README's table. */
export type Scenes = Readonly<Record<string, () => Promise<void>>>;

/** Four masters, and what a scene does with them. */
export interface Stage {
  readonly locks: Locks;
  readonly master: (index: number) => Master;
  /** An open lock on the first so many masters. */
  readonly on: (count: number, options?: object) => Promise<RedisLock>;
  /** Waits until masters are in that state, as a lock sees them. */
  readonly isIn: (lock: RedisLock, state: string, ...indices: readonly number[]) => Promise<void>;
  /** Waits until nobody holds the key on one master. */
  readonly isFree: (index: number, key: string) => Promise<void>;
  /** Waits until the key is held on each of the first so many masters: a lock is granted when a quorum has it. */
  readonly isOnAll: (count: number, key: string) => Promise<void>;
}

/** To be called in the body of a suite. Every scene begins on masters that are up, and as good as new. */
export function useStage(): Stage {
  const locks = useLocks();
  let masters: readonly Master[] = [];
  before('start the masters', async () => {
    masters = await startMasters(4);
  });
  afterEach('mend the masters', async () => {
    await Promise.all(masters.map((master) => master.resume()));
    await Promise.all(masters.map((master) => master.start()));
    await Promise.all(masters.map((master) => master.command('FLUSHALL')));
  });
  after('stop the masters', async () => {
    await Promise.all(masters.map((master) => master.stop()));
  });
  return {
    locks,
    master: (index) => masters[index] as Master,
    on: (count, options = {}) =>
      locks.open({
        connections: addressesOf(masters.slice(0, count)),
        options: { node_timeout: NODE_TIMEOUT, ...options },
      }),
    isIn: (lock, state, ...indices) =>
      until(
        () => indices.every((index) => lock.getStatus().masters[index]?.state === state),
        `masters ${indices.join(', ')} are ${state}`,
      ),
    isFree: (index, key) =>
      until(
        async () => (await valuesOn(masters.slice(index, index + 1), key))[0] === null,
        `${key} is free on master ${index}`,
      ),
    isOnAll: (count, key) => until(() => standsOnAll(masters.slice(0, count), key), `${key} is held on all masters`),
  };
}

/** Fails when the work comes to anything but NO_QUORUM. */
export async function noQuorum(work: Promise<unknown>): Promise<void> {
  await thrownBy(work, ConnectionException, 'NO_QUORUM');
}

/** Fails when the work takes its time while this process is awake. */
export async function atOnce(work: Promise<unknown>): Promise<void> {
  expect(await awakeMs(() => work), 'ms').to.be.below(AT_ONCE);
}

/** How long the work takes at most, in ms, from before it is begun: the machine may stall at any time. */
export async function msOf(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

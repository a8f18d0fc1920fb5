import type { RedisLock } from '../../../lib';
import { until } from '../../support/until';
import { addressesOf, useLocks, useMasters } from '../lock/locks';
import { OtherProcess } from './fixtures/OtherProcess';
import { acquireEverywhere, begun, LONG, NO_POLLING, soon, untilWaiting, waitersOn } from './waiting';

describe('Whoever waits for a lock of another process', () => {
  const locks = useLocks();
  const masters = useMasters(3);
  let other: OtherProcess;
  let lock: RedisLock;

  const configOf = (options: object = {}): Readonly<Record<string, unknown>> => ({
    connections: addressesOf(masters),
    options: { ...NO_POLLING, ...options },
  });

  beforeEach(async () => {
    lock = await locks.open(configOf());
    other = await OtherProcess.start(configOf());
  });
  afterEach(() => other.kill());

  it('is woken by its release', async () => {
    await other.acquire(LONG, LONG);
    const acquired = begun(lock.acquireLock('123', 'key', LONG, LONG));
    await untilWaiting(masters, 'key');
    await other.release();

    await soon(acquired, 'it is woken');
  });

  it('tries when the lock of one that was killed has run out', async () => {
    // Long enough for the one who waits to be seen in line.
    await other.acquire(3000, LONG);
    const acquired = begun(lock.acquireLock('123', 'key', LONG, LONG));
    await untilWaiting(masters, 'key');
    await other.kill();

    await soon(acquired, 'it tries by itself');
  });

  it('is woken in the place of one that was killed while it waited before', async () => {
    await acquireEverywhere(lock, masters);
    other.startWaiting(LONG, LONG);
    await untilWaiting(masters, 'key');
    const next = await locks.open(configOf());
    const acquired = begun(next.acquireLock('123', 'key', LONG, LONG));
    await untilWaiting(masters, 'key', 2);
    await other.kill();
    await untilWaiting(masters, 'key');
    await lock.releaseLock('123', 'key');

    await soon(acquired, 'it is woken');
  });

  it('has the lock by its next retry when one was woken that can do nothing any more', async () => {
    await acquireEverywhere(lock, masters);
    other.startWaiting(LONG, LONG);
    await untilWaiting(masters, 'key');
    const next = await locks.open(configOf({ retry_timeout: 200 }));
    const acquired = begun(next.acquireLock('123', 'key', LONG, LONG));
    await untilWaiting(masters, 'key', 2);
    other.freeze();
    await lock.releaseLock('123', 'key');
    const isPassed = async (): Promise<boolean> =>
      (await Promise.all(masters.map((master) => waitersOn(master, 'key')))).every(({ length }) => length < 2);
    await until(isPassed, 'the one that is frozen was told');
    await other.kill();

    await soon(acquired, 'it polls');
  });
});

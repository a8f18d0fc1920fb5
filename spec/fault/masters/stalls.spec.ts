import { expect } from 'chai';
import type { RedisLock } from '../../../lib';
import { addressesOf, setForeignLock, useLocks, useMasters, useProxies } from '../../integration/lock/locks';
import { until } from '../../support/until';

const LONG = 60_000;

/** A turn of the loop that takes so long: all answers to what was sent before are waiting in the sockets by then. */
function block(forMs: number): void {
  const startedMs = performance.now();
  while (performance.now() - startedMs < forMs);
}

/** Runs all that follows by promises, and nothing that needs the loop. */
async function promises(): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) await Promise.resolve();
}

describe('A process that stands still', () => {
  const locks = useLocks();
  const masters = useMasters(3);
  const proxies = useProxies(masters);
  const errorsOf = (lock: RedisLock): readonly unknown[] => lock.getStatus().masters.map(({ lastError }) => lastError);

  it('does not count that time while it opens', async () => {
    const options = { connect_timeout: 1000, node_timeout: 2000, restart_guard: 1000 };
    const lock = locks.create({ connections: addressesOf(proxies), options });
    // The steps that are left take several round trips.
    for (const proxy of proxies) proxy.delay(10);
    const opening = lock.open(null);
    await until(() => proxies.every(({ connections }) => connections === 1), 'it is connecting');
    block(1500);
    await opening;

    expect(lock.getStatus().masters.map(({ state }) => state)).to.deep.equal(['ready', 'ready', 'ready']);
  });

  it('gives up no connection that was made meanwhile', async () => {
    const lock = locks.create({ connections: addressesOf(masters), options: { node_timeout: 200, restart_guard: 0 } });
    const opening = lock.open(null);
    await promises();
    block(400);
    await opening;

    expect(errorsOf(lock)).to.deep.equal([null, null, null]);
  });

  it('knows that a lock is taken, also where its own would be over by now', async () => {
    const lock = await locks.open({ connections: addressesOf(masters), options: { node_timeout: LONG } });
    await Promise.all(masters.map((master) => setForeignLock(master, 'key')));
    const trying = lock.tryAcquireLock(null, 'key', 100);
    await promises();
    block(200);

    expect(await trying).to.equal(false);
  });

  it('hears in its last pause that a lock was given back', async () => {
    const holder = await locks.open({ connections: addressesOf(masters) });
    const options = { retries: 1, retry_timeout: 1000, retry_jitter: 0 };
    const waiter = await locks.open({ connections: addressesOf(masters), options });
    await holder.acquireLock(null, 'key', LONG);
    const waiting = waiter.acquireLock(null, 'key', LONG);
    const listeners = async (): Promise<number> =>
      (await Promise.all(masters.map((master) => master.command('PUBSUB', 'CHANNELS')))).flat().length;
    await until(async () => (await listeners()) === 3, 'it listens');
    const releasing = holder.releaseLock(null, 'key');
    await promises();
    block(1500);

    await Promise.all([releasing, waiting]);
    expect(waiter.getStatus().held).to.equal(1);
  });

  it('asks for all locks of a burst, though their time is up', async () => {
    const lock = await locks.open({ connections: addressesOf(masters), options: { node_timeout: 300 } });
    const keys = Array.from({ length: 800 }, (_, index) => `key ${index}`);
    const acquiring = keys.map((key) => lock.acquireLock(null, key, LONG, 100));
    await promises();
    block(2000);

    await Promise.all(acquiring);
    expect(lock.getStatus().held).to.equal(keys.length);
  });
});

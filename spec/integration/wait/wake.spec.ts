import { expect } from 'chai';
import { createSandbox } from 'sinon';
import type { RedisLock } from '../../../lib';
import { Rounds } from '../../../lib/quorum/Rounds';
import { until } from '../../support/until';
import { addressesOf, setForeignLock, standsOnAll, useLocks, useMasters, useProxies, valuesOn } from '../lock/locks';
import { acquireEverywhere, begun, LONG, NO_POLLING, rejectionOf, soon, untilWaiting } from './waiting';

for (const size of [1, 3, 5]) {
  describe(`Whoever waits for a lock that another instance holds, on ${size} masters`, () => {
    const sandbox = createSandbox();
    const locks = useLocks();
    const masters = useMasters(size);
    let holder: RedisLock;

    beforeEach(async () => {
      holder = await open();
    });
    afterEach(() => sandbox.restore());

    const open = (options: object = {}): Promise<RedisLock> =>
      locks.open({ connections: addressesOf(masters), options: { ...NO_POLLING, ...options } });

    it('is woken by its release', async () => {
      const waiter = await open();
      await acquireEverywhere(holder, masters);
      const acquired = begun(waiter.acquireLock('123', 'key', LONG, LONG));
      await untilWaiting(masters, 'key');
      expect(waiter.getStatus()).to.include({ held: 0, waiters: 1 });
      await holder.releaseLock('123', 'key');
      await soon(acquired, 'it is woken');

      expect(waiter.getStatus()).to.include({ held: 1, waiters: 0 });
      expect(await holder.tryAcquireLock('123', 'key', LONG)).to.equal(false);
    });

    it('is woken when that is closed', async () => {
      const waiter = await open();
      await acquireEverywhere(holder, masters);
      const acquired = begun(waiter.acquireLock('123', 'key', LONG, LONG));
      await untilWaiting(masters, 'key');
      await holder.close('123');

      await soon(acquired, 'it is woken');
    });

    it('is woken under its prefix, and for no other key', async () => {
      const prefixed = await open({ key_prefix: 'app:' });
      const waiter = await open({ key_prefix: 'app:' });
      for (const key of ['one', 'other']) {
        await prefixed.acquireLock('123', key, LONG);
        await until(() => standsOnAll(masters, `app:${key}`), 'it is held on each master');
      }
      const one = begun(waiter.acquireLock('123', 'one', LONG, LONG));
      const other = begun(waiter.acquireLock('123', 'other', LONG, LONG));
      for (const key of ['one', 'other']) await untilWaiting(masters, `app:${key}`);
      await prefixed.releaseLock('123', 'other');
      await soon(other, 'it is woken');

      expect(waiter.getStatus()).to.include({ held: 1, waiters: 1 });
      await prefixed.releaseLock('123', 'one');
      await soon(one, 'it is woken');
    });

    it('is woken alone, in the order of arrival, and needs one attempt', async () => {
      await acquireEverywhere(holder, masters);
      const served: number[] = [];
      const visits: Promise<void>[] = [];
      const waiters = await Promise.all([0, 1, 2, 3].map(() => open()));
      for (const [index, waiter] of waiters.entries()) {
        const visit = async (): Promise<void> => {
          await waiter.acquireLock('123', 'key', LONG, LONG);
          served.push(index);
          await waiter.releaseLock('123', 'key');
        };
        visits.push(begun(visit()));
        await untilWaiting(masters, 'key', index + 1);
      }
      const spy = sandbox.spy(Rounds.prototype, 'acquire');
      await holder.releaseLock('123', 'key');
      await soon(Promise.all(visits), 'all are served');

      expect(served).to.eql([0, 1, 2, 3]);
      expect(spy.callCount).to.equal(4);
    });

    it('is let in by an instance that acquires again at once, and again', async () => {
      const waiter = await open();
      await acquireEverywhere(holder, masters);
      let isServed = false;
      const visit = async (): Promise<void> => {
        await waiter.acquireLock('123', 'key', LONG, LONG);
        isServed = true;
        await waiter.releaseLock('123', 'key');
      };
      const served = begun(visit());
      await untilWaiting(masters, 'key');
      for (let loop = 0; loop < 100 && !isServed; loop += 1) {
        const again = begun(holder.acquireLock('123', 'key', LONG, LONG));
        await Promise.all([holder.releaseLock('123', 'key'), again]);
      }

      expect(isServed).to.equal(true);
      await served;
    });

    it('is met in line by those of the holder from their first attempt on, once they know of it', async () => {
      const waiter = await open();
      const visit = async (lock: RedisLock): Promise<void> => {
        await lock.acquireLock('123', 'key', LONG, LONG);
        await lock.releaseLock('123', 'key');
      };
      await acquireEverywhere(holder, masters);
      const served = begun(visit(waiter));
      const next = begun(holder.acquireLock('123', 'key', LONG, LONG));
      const last = begun(visit(holder));
      await untilWaiting(masters, 'key');
      await holder.releaseLock('123', 'key');
      await soon(next, 'the next one was there before the message');
      await untilWaiting(masters, 'key');
      const spy = sandbox.spy(Rounds.prototype, 'acquire');
      await holder.releaseLock('123', 'key');
      await soon(Promise.all([served, last]), 'both are served');

      expect(spy.args.map(([, , place]) => place))
        .to.have.length.at.least(2)
        .and.not.to.include(null);
    });
  });
}

describe('Whoever waits for a lock', () => {
  const locks = useLocks();
  const masters = useMasters(3);
  const proxies = useProxies(masters);

  const open = (ports: readonly number[], options: object = {}): Promise<RedisLock> =>
    locks.open({
      connections: ports.map((port) => ({ host: '127.0.0.1', port })),
      options: { ...NO_POLLING, node_timeout: 5000, ...options },
    });

  it('is woken when a round that only a minority has granted is given back', async () => {
    const waiter = await open(masters.map(({ port }) => port));
    const contender = await open(proxies.map(({ port }) => port));
    const [, second, third] = masters;
    if (second === undefined || third === undefined) throw new Error('too few masters');
    await Promise.all([second, third].map((master) => setForeignLock(master, 'key')));
    // The first one grants it, and what the others have to say stays on its way.
    for (const proxy of proxies.slice(1)) proxy.hold('down');
    const contended = begun(contender.tryAcquireLock('123', 'key', LONG));
    await until(async () => (await valuesOn(masters.slice(0, 1), 'key'))[0] !== null, 'the first one has granted it');
    const acquired = begun(waiter.acquireLock('123', 'key', LONG, LONG));
    await untilWaiting(masters, 'key');
    // Nobody is told of that: it is no release.
    await third.command('DEL', 'key');
    for (const proxy of proxies.slice(1)) proxy.pass();

    expect(await contended).to.equal(false);
    await soon(acquired, 'it is woken');
  });

  it('is woken when a grant that was lost on its way is taken back', async () => {
    const [master] = masters;
    const [proxy] = proxies;
    if (master === undefined || proxy === undefined) throw new Error('no master');
    const waiter = await open([master.port]);
    const contender = await open([proxy.port]);
    proxy.hold('down');
    const lost = begun(rejectionOf(contender.tryAcquireLock('123', 'key', LONG)));
    await until(async () => (await valuesOn([master], 'key'))[0] !== null, 'it is granted');
    const acquired = begun(waiter.acquireLock('123', 'key', LONG, LONG));
    await untilWaiting([master], 'key');
    // Not to be had on a new connection either, until it is given up.
    proxy.refuse();
    proxy.cut();
    proxy.pass();

    expect(await lost).to.have.property('code', 'NO_QUORUM');
    await proxy.accept();
    await soon(acquired, 'it is woken');
  });
});

import { Socket } from 'node:net';
import { expect } from 'chai';
import { ConflictException } from 'pip-services4-commons-node';
import { createSandbox } from 'sinon';
import type { RedisLock } from '../../../lib';
import { Rounds } from '../../../lib/quorum/Rounds';
import { until } from '../../support/until';
import { addressesOf, standsOnNone, thrownBy, useLocks, useMasters } from '../lock/locks';
import { begun, LONG, NO_POLLING, soon } from './waiting';

const COUNT = 50;
const indices = Array.from({ length: COUNT }, (_, index) => index);

for (const size of [1, 3, 5]) {
  describe(`Callers of one instance who wait for a lock, on ${size} masters`, () => {
    const sandbox = createSandbox();
    const locks = useLocks();
    const masters = useMasters(size);
    let lock: RedisLock;

    beforeEach(async () => {
      lock = await locks.open({ connections: addressesOf(masters), options: NO_POLLING });
    });
    afterEach(() => sandbox.restore());

    it('are served in the order in which they came, and each needs one attempt', async () => {
      const spy = sandbox.spy(Rounds.prototype, 'acquire');
      const served: number[] = [];
      const inside = new Set<number>();
      const visit = async (index: number): Promise<void> => {
        await lock.acquireLock('123', 'key', LONG, LONG);
        inside.add(index);
        expect([...inside]).to.eql([index]);
        served.push(index);
        await new Promise((resolve) => setImmediate(resolve));
        inside.delete(index);
        await lock.releaseLock('123', 'key');
      };
      const visits = indices.map((index) => begun(visit(index)));
      expect(lock.getStatus().waiters).to.equal(COUNT);
      await soon(Promise.all(visits), 'all are served');

      expect(served).to.eql(indices);
      expect(spy.callCount).to.equal(COUNT);
      expect(lock.getStatus()).to.include({ held: 0, waiters: 0 });
    });

    it('ask no master while another caller holds the lock', async () => {
      await lock.acquireLock('123', 'key', LONG);
      const spy = sandbox.spy(Rounds.prototype, 'acquire');
      for (let count = 0; count < COUNT; count += 1) void begun(lock.acquireLock('123', 'key', LONG, LONG));
      await lock.acquireLock('123', 'another key', LONG);

      expect(spy.callCount).to.equal(1);
      expect(lock.getStatus()).to.include({ held: 2, waiters: COUNT });
    });

    for (const [where, callFrom] of [
      ['a promise', (call: () => Promise<void>) => Promise.resolve().then(call)],
      ['a timer', (call: () => Promise<void>) => new Promise<void>((resolve) => setTimeout(() => resolve(call())))],
    ] as const) {
      it(`have their turn in the same write to each master as a release that is called from ${where}`, async () => {
        await lock.acquireLock('123', 'key', LONG);
        const next = begun(lock.acquireLock('123', 'key', LONG, LONG));
        const [write, writev] = (['_write', '_writev'] as const).map((name) => sandbox.spy(Socket.prototype, name));
        const released = callFrom(() => lock.releaseLock('123', 'key'));
        await soon(next, 'the next holds it');
        await released;

        expect([write?.callCount, writev?.callCount]).to.eql([0, size]);
      });
    }

    it('have their turn with the release, ahead of its answer', async () => {
      await lock.acquireLock('123', 'key', LONG);
      const next = begun(lock.acquireLock('123', 'key', LONG, LONG));
      const spy = sandbox.spy(Rounds.prototype, 'acquire');
      const released = lock.releaseLock('123', 'key');
      for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();

      expect(spy.callCount).to.equal(1);
      await Promise.all([released, soon(next, 'the next one has it')]);
    });

    it('are served though some before, between and behind them give up', async () => {
      await lock.acquireLock('123', 'key', LONG);
      const served: number[] = [];
      const calls = [30, LONG, 30, 30, LONG, LONG, 30].map((timeout, index) =>
        begun(
          lock.acquireLock('123', 'key', LONG, timeout).then(async () => {
            served.push(index);
            await lock.releaseLock('123', 'key');
          }),
        ),
      );
      const impatient = calls.filter((_, index) => ![1, 4, 5].includes(index));
      await Promise.all(impatient.map((call) => thrownBy(call, ConflictException, 'LOCK_TIMEOUT')));
      expect(lock.getStatus().waiters).to.equal(3);
      await lock.releaseLock('123', 'key');
      await soon(Promise.all(calls.filter((_, index) => [1, 4, 5].includes(index))), 'the others are served');

      expect(served).to.eql([1, 4, 5]);
    });

    it('go on when the hold that they wait behind is cut short', async () => {
      const lease = await lock.acquireLease('123', 'key', LONG);
      const next = begun(lock.acquireLock('123', 'key', LONG, LONG));
      // Lost or kept, it is over soon.
      await lease.extend(50).catch(() => {});
      await soon(next, 'the next holds it');
    });

    it('go on when the holder lets its lock run out', async () => {
      await lock.acquireLock('123', 'key', 50, LONG);
      const waiting = [0, 1].map(() => begun(lock.acquireLock('123', 'key', 50, LONG)));
      await soon(Promise.all(waiting), 'each has had it');

      expect(lock.getStatus()).to.include({ waiters: 0 });
      await until(() => standsOnNone(masters, 'key'), 'it is free');
    });
  });
}

import { expect } from 'chai';
import { createSandbox } from 'sinon';
import type { RedisLock } from '../../../lib';
import { Rounds } from '../../../lib/quorum/Rounds';
import type { Master } from '../../support/Master';
import { until } from '../../support/until';
import { addressesOf, standsOnNone, useLocks, useMasters } from '../lock/locks';
import { acquireEverywhere, begun, channelsOn, LONG, NO_POLLING, rejectionOf, soon, untilWaiting } from './waiting';

class Cancelled extends Error {}

for (const size of [1, 3]) {
  describe(`A wait that its caller cancels, on ${size} masters`, () => {
    const sandbox = createSandbox();
    const locks = useLocks();
    const masters = useMasters(size);
    let lock: RedisLock;
    let controller: AbortController;
    const reason = new Cancelled('by the caller');

    beforeEach(async () => {
      lock = await open();
      controller = new AbortController();
    });
    afterEach(() => sandbox.restore());

    const open = (): Promise<RedisLock> => locks.open({ connections: addressesOf(masters), options: NO_POLLING });
    const acquire = (signal?: AbortSignal, timeout?: number): Promise<void> =>
      lock.acquireLock('123', 'key', LONG, timeout, signal);
    const master = (): Master => masters[0] ?? expect.fail('no master');
    const isFree = (): Promise<boolean> => standsOnNone(masters, 'key');

    it('is not begun where the signal has fired before', async () => {
      const spy = sandbox.spy(Rounds.prototype, 'acquire');
      controller.abort(reason);
      const { signal } = controller;
      expect(await rejectionOf(acquire(signal, LONG))).to.equal(reason);
      expect(await rejectionOf(lock.acquire('123', 'key', LONG, LONG, signal))).to.equal(reason);

      expect(spy.callCount).to.equal(0);
      expect(lock.getStatus()).to.include({ held: 0, waiters: 0 });
    });

    it("ends with the signal's own reason, wherever in the line it stands, and the others go on", async () => {
      await acquire();
      const served: number[] = [];
      const calls = [true, false, true, true, false, true].map((isCancelled, index) =>
        begun(
          acquire(isCancelled ? controller.signal : undefined, LONG).then(async () => {
            served.push(index);
            await lock.releaseLock('123', 'key');
          }),
        ),
      );
      controller.abort(reason);
      for (const call of calls.filter((_, index) => ![1, 4].includes(index))) {
        expect(await rejectionOf(call)).to.equal(reason);
      }
      expect(lock.getStatus().waiters).to.equal(2);
      await lock.releaseLock('123', 'key');
      await soon(Promise.all(calls.filter((_, index) => [1, 4].includes(index))), 'the others are served');

      expect(served).to.eql([1, 4]);
    });

    it('ends also where it is the first in line, which listens; the next one takes its place', async () => {
      const other = await open();
      await acquireEverywhere(other, masters);
      const cancelled = begun(rejectionOf(acquire(controller.signal, LONG)));
      const next = begun(acquire(undefined, LONG));
      await untilWaiting(masters, 'key');
      const former = String(await channelsOn(master()));
      controller.abort(reason);

      expect(await cancelled).to.equal(reason);
      await until(async () => !(await channelsOn(master())).includes(former), 'the former one listens no more');
      await untilWaiting(masters, 'key');
      await other.releaseLock('123', 'key');
      await soon(next, 'the next one has it');
    });

    it('leaves nothing on any master where it is cancelled in the midst of an attempt that succeeds', async () => {
      const cancelled = begun(rejectionOf(acquire(controller.signal, LONG)));
      const next = begun(acquire(undefined, LONG));
      controller.abort(reason);

      expect(await cancelled).to.equal(reason);
      await soon(next, 'the next one has it');
      expect(lock.getStatus()).to.include({ held: 1, waiters: 0 });
      await lock.releaseLock('123', 'key');
      await until(isFree, 'nothing is left');
    });

    it('ends after an attempt in the midst of which it is cancelled, and which is refused', async () => {
      const other = await open();
      await acquireEverywhere(other, masters);
      const cancelled = begun(rejectionOf(acquire(controller.signal, LONG)));
      controller.abort(reason);

      expect(await cancelled).to.equal(reason);
      await until(async () => (await channelsOn(master())).length === 0, 'nobody listens');
    });

    it('does nothing to a lock that is held already', async () => {
      await acquire(controller.signal, LONG);
      controller.abort(reason);

      expect(lock.getStatus().held).to.equal(1);
      expect(await isFree()).to.equal(false);
    });

    it('is cancelled for all who share the signal', async () => {
      await acquire();
      const calls = Array.from({ length: 50 }, () => begun(rejectionOf(acquire(controller.signal, LONG))));
      expect(lock.getStatus().waiters).to.equal(50);
      controller.abort(reason);

      expect(new Set(await Promise.all(calls))).to.eql(new Set([reason]));
      expect(lock.getStatus()).to.include({ held: 1, waiters: 0 });
    });
  });
}

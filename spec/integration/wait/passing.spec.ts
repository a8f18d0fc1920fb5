import { expect } from 'chai';
import { Redis } from 'ioredis';
import { createSandbox } from 'sinon';
import type { RedisLock } from '../../../lib';
import { Waiter } from '../../../lib/wait/Lines';
import type { Master } from '../../support/Master';
import { until } from '../../support/until';
import { addressesOf, useLocks, useMasters } from '../lock/locks';
import { begun, LONG, NO_POLLING, soon } from './waiting';

describe('A line that has let others pass', () => {
  const sandbox = createSandbox();
  const locks = useLocks();
  const masters = useMasters(1);

  const open = (): Promise<RedisLock> => locks.open({ connections: addressesOf(masters), options: NO_POLLING });
  afterEach(() => sandbox.restore());

  const master = (): Master => masters[0] ?? expect.fail('no master');
  const subscriptions = async (): Promise<number> => {
    const stats = String(await master().command('INFO', 'commandstats'));
    return Number(/cmdstat_subscribe:calls=(\d+)/.exec(stats)?.[1] ?? 0);
  };

  it('goes on when a lock runs out that was had meanwhile by one who did not wait', async () => {
    const lock = await open();
    await lock.acquireLock('123', 'key', LONG);
    // For so long that the attempt of the next one falls into it, however busy the machine.
    const giveWay = sandbox.stub(Waiter.prototype, 'giveWay');
    giveWay.callsFake(function (this: Waiter) {
      return giveWay.wrappedMethod.call(this, 1000);
    });
    // Somebody who waits, and does nothing when it is woken.
    const idle = new Redis({ host: master().host, port: master().port });
    try {
      await idle.subscribe('redlock:free:idle');
      await master().command('ZADD', 'redlock:waiting:key', 1, 'idle');
      await lock.releaseLock('123', 'key');
      const tried = lock.tryAcquireLock('123', 'key', 2000);
      const waiting = begun(lock.acquireLock('123', 'key', LONG, LONG));
      expect(await tried).to.equal(true);

      await soon(waiting, 'the next one has it');
    } finally {
      idle.disconnect();
    }
  });

  it('forgets that somebody elsewhere has waited, when nobody does any more', async () => {
    const [lock, other] = [await open(), await open()];
    let turns = 0;
    let isOver = false;
    const visit = async (): Promise<void> => {
      while (!isOver) {
        await lock.acquireLock('123', 'key', LONG, LONG);
        turns += 1;
        await lock.releaseLock('123', 'key');
      }
    };
    // So many that somebody is always in the line.
    const visits = [0, 1, 2, 3].map(() => begun(visit()));
    await soon(other.acquireLock('123', 'key', LONG, LONG), 'the other one is let in');
    await other.close('123');
    const subscriptionsAfter = async (more: number): Promise<number> => {
      const from = turns;
      await until(() => turns >= from + more, 'the line goes on');
      return subscriptions();
    };
    const before = await subscriptionsAfter(20);
    const after = await subscriptionsAfter(100);
    isOver = true;
    await Promise.all(visits);

    expect(after - before, 'SUBSCRIBEs in 100 turns').to.be.below(10);
  });
});

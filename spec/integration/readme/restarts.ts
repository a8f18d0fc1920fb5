import { expect } from 'chai';
import type { RedisLock } from '../../../lib';
import { until } from '../../support/until';
import { LONG, noQuorum, type Scenes, type Stage } from './stage';

/** Masters that come back, or come anew. */
export function restarts({ master, on, isIn, isOnAll }: Stage): Scenes {
  const quarantined = (lock: RedisLock): readonly boolean[] =>
    lock.getStatus().masters.map(({ quarantineMs }) => quarantineMs > 0);
  const restartEmpty = async (witness: RedisLock, index: number, isGuarded = true): Promise<void> => {
    await master(index).kill();
    await isIn(witness, 'away', index);
    await master(index).restartEmpty();
    await isIn(witness, isGuarded ? 'quarantined' : 'ready', index);
  };
  return {
    '1 of 3 restarted empty': async () => {
      const [holder, other] = [await on(3), await on(3)];
      await master(2).pause();
      await holder.acquireLock(null, 'held without the third', LONG);
      await isIn(holder, 'away', 2);
      await master(2).resume();
      await isIn(holder, 'ready', 2);
      await restartEmpty(other, 0);
      expect(quarantined(other)).to.deep.equal([true, false, false]);
      expect(await other.tryAcquireLock(null, 'held without the third', LONG)).to.equal(false);
      expect(await other.tryAcquireLock(null, 'free', LONG)).to.equal(true);
    },
    '2 of 3 restarted empty': async () => {
      const [holder, other] = [await on(3), await on(3)];
      await holder.acquireLock(null, 'held', LONG);
      await restartEmpty(other, 0);
      expect(quarantined(other)).to.deep.equal([true, false, false]);
      expect(await other.tryAcquireLock(null, 'held', LONG)).to.equal(false);
      expect(await other.tryAcquireLock(null, 'free', LONG)).to.equal(true);
      await restartEmpty(other, 1);
      expect(quarantined(other)).to.deep.equal([true, true, false]);
      await noQuorum(other.tryAcquireLock(null, 'held', LONG));
      await noQuorum(other.tryAcquireLock(null, 'also free', LONG));
    },
    '3 of 3 restarted empty at once': async () => {
      const former = await on(3, { release_on_close: false });
      await former.acquireLock(null, 'held', LONG);
      await former.close(null);
      await Promise.all([0, 1, 2].map((index) => master(index).restartEmpty()));
      expect(await (await on(3)).tryAcquireLock(null, 'held', LONG)).to.equal(true);
    },
    '2 of 3 restarted empty, guard off': async () => {
      const options = { restart_guard: 0 };
      const [holder, other] = [await on(3, options), await on(3, options)];
      await holder.acquireLock(null, 'held', LONG);
      // What a master has not answered yet is sent again when it is back.
      await isOnAll(3, 'held');
      await restartEmpty(other, 0, false);
      await restartEmpty(other, 1, false);
      expect(await other.tryAcquireLock(null, 'held', LONG)).to.equal(true);
      expect(holder.getStatus().held).to.equal(1);
      await isIn(holder, 'ready', 0, 1);
      await holder.releaseLock(null, 'held');
      expect(await (await on(3, options)).tryAcquireLock(null, 'held', LONG)).to.equal(false);
    },
    '1 of 1 restarted empty': async () => {
      const [holder, other] = [await on(1), await on(1)];
      await holder.acquireLock(null, 'held', LONG);
      await restartEmpty(other, 0, false);
      expect(await other.tryAcquireLock(null, 'held', LONG)).to.equal(true);
    },
    '1 of 3 flushed': async () => {
      const [holder, other] = [await on(3), await on(3)];
      await holder.acquireLock(null, 'held', LONG);
      await master(0).command('FLUSHALL');
      expect(await other.tryAcquireLock(null, 'held', LONG)).to.equal(false);
      await until(() => quarantined(other)[0] === true, 'the flushed one has no vote');
    },
    'a 4th master is added': async () => {
      await on(3);
      const lock = await on(4);
      expect(quarantined(lock)).to.deep.equal([false, false, false, true]);
      expect(await lock.tryAcquireLock(null, 'key', LONG)).to.equal(true);
      await lock.releaseLock(null, 'key');
    },
  };
}

import { expect } from 'chai';
import { addressesOf, setForeignLock } from '../lock/locks';
import { LONG, NODE_TIMEOUT, atOnce, msOf, noQuorum, type Scenes, type Stage } from './stage';

/** Masters that are dead, hung, or split their votes. */
export function outages({ locks, master, on, isIn, isFree }: Stage): Scenes {
  return {
    '1 of 3 dead': async () => {
      const [holder, other] = [await on(3), await on(3)];
      await holder.acquireLock(null, 'held', LONG);
      await master(0).kill();
      expect(await other.tryAcquireLock(null, 'held', LONG)).to.equal(false);
      expect(await other.tryAcquireLock(null, 'free', LONG)).to.equal(true);
      expect(await (await on(3)).tryAcquireLock(null, 'for a new one', LONG)).to.equal(true);
      await holder.releaseLock(null, 'held');
      await isFree(2, 'held');
      expect(await other.tryAcquireLock(null, 'held', LONG)).to.equal(true);
      await master(0).start();
      await isIn(other, 'quarantined', 0);
    },
    '2 of 3 dead': async () => {
      const options = { restart_guard: 300 };
      const [holder, other] = [await on(3, options), await on(3, options)];
      await holder.acquireLock(null, 'held', LONG);
      await Promise.all([master(0).kill(), master(1).kill()]);
      await atOnce(noQuorum(other.tryAcquireLock(null, 'free', LONG)));
      expect(await msOf(() => noQuorum(other.acquireLock(null, 'free', LONG, 200)))).to.be.at.least(199);
      await isFree(2, 'free');
      await noQuorum(holder.releaseLock(null, 'held'));
      const connections = addressesOf([0, 1, 2].map(master));
      const config = { connections, options: { connect_timeout: 200 } };
      expect(await msOf(() => noQuorum(locks.open(config)))).to.be.at.least(199);
      // From before its start: it is seen at some time from then on, and has no vote for the time of the guard.
      const back = async (): Promise<void> => {
        await master(0).start();
        await other.acquireLock(null, 'free', LONG, 20_000);
      };
      expect(await msOf(back)).to.be.at.least(299);
    },
    '1 of 3 hung': async () => {
      const lock = await on(3);
      await master(0).pause();
      await atOnce(lock.acquireLock(null, 'key', LONG));
      await atOnce(lock.releaseLock(null, 'key'));
      await isIn(lock, 'away', 0);
      expect(lock.getStatus().masters[0]?.lastError).to.match(/^silent: /);
      await master(0).resume();
      await isIn(lock, 'ready', 0);
    },
    '2 of 3 hung': async () => {
      const lock = await on(3);
      await Promise.all([master(0).pause(), master(1).pause()]);
      expect(await msOf(() => noQuorum(lock.tryAcquireLock(null, 'key', LONG)))).to.be.at.least(NODE_TIMEOUT - 1);
      await atOnce(noQuorum(lock.tryAcquireLock(null, 'key', LONG)));
      await Promise.all([master(0).resume(), master(1).resume()]);
      await isIn(lock, 'ready', 0, 1);
      expect(await lock.tryAcquireLock(null, 'key', LONG)).to.equal(true);
    },
    '2 masters, a tie': async () => {
      const lock = await on(2);
      await setForeignLock(master(0), 'key');
      expect(await lock.tryAcquireLock(null, 'key', LONG)).to.equal(false);
      await isFree(1, 'key');
      await master(0).command('DEL', 'key');
      const rivals = [lock, await on(2)].map(async (rival) => {
        await rival.acquireLock(null, 'key', LONG, 20_000);
        await rival.releaseLock(null, 'key');
      });
      await Promise.all(rivals);
    },
    '2 masters, 1 dead': async () => {
      const lock = await on(2);
      await lock.acquireLock(null, 'held', LONG);
      await master(0).kill();
      await noQuorum(lock.tryAcquireLock(null, 'key', LONG));
      await noQuorum(lock.releaseLock(null, 'held'));
    },
    '4 masters, a tie': async () => {
      const lock = await on(4);
      await Promise.all([setForeignLock(master(0), 'key'), setForeignLock(master(1), 'key')]);
      expect(await lock.tryAcquireLock(null, 'key', LONG)).to.equal(false);
      await Promise.all([isFree(2, 'key'), isFree(3, 'key')]);
    },
    '4 masters, 1 dead': async () => {
      const lock = await on(4);
      await master(0).kill();
      expect(await lock.tryAcquireLock(null, 'key', LONG)).to.equal(true);
      await lock.releaseLock(null, 'key');
    },
    '4 masters, 2 dead': async () => {
      const lock = await on(4);
      await lock.acquireLock(null, 'held', LONG);
      await Promise.all([master(0).kill(), master(1).kill()]);
      await noQuorum(lock.tryAcquireLock(null, 'key', LONG));
      await noQuorum(lock.releaseLock(null, 'held'));
    },
  };
}

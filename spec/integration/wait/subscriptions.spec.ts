import { expect } from 'chai';
import { ConflictException } from 'pip-services4-commons-node';
import type { RedisLock } from '../../../lib';
import { until } from '../../support/until';
import { addressesOf, setForeignLock, thrownBy, useLocks, useMasters } from '../lock/locks';
import { acquireEverywhere, begun, channelsOn, keysOn, LONG, NO_POLLING, soon, untilWaiting } from './waiting';

for (const size of [1, 3]) {
  describe(`What a waiter leaves on ${size} masters`, () => {
    const locks = useLocks();
    const masters = useMasters(size);

    const open = (options: object = NO_POLLING): Promise<RedisLock> =>
      locks.open({ connections: addressesOf(masters), options });
    const takeForeign = (): Promise<unknown> => Promise.all(masters.map((master) => setForeignLock(master, 'key')));
    const channels = async (): Promise<readonly number[]> =>
      (await Promise.all(masters.map(channelsOn))).map(({ length }) => length);
    const onAll = (count: number): readonly number[] => masters.map(() => count);
    const untilNobodyListens = (): Promise<void> =>
      until(async () => (await channels()).every((count) => count === 0), 'nobody listens');
    /** How many clients each master has beside the one that asks. */
    const clients = async (): Promise<readonly number[]> => {
      const lists = await Promise.all(masters.map((master) => master.command('CLIENT', 'LIST', 'TYPE', 'normal')));
      return lists.map((list) => String(list).trim().split('\n').length - 1);
    };

    it('is a channel on each master while it waits, whoever waits behind it, on the one connection', async () => {
      const [holder, lock] = [await open(), await open()];
      await acquireEverywhere(holder, masters);
      expect(await channels()).to.eql(onAll(0));
      const [first] = [0, 1, 2, 3, 4].map(() => begun(lock.acquireLock('123', 'key', LONG, LONG)));
      await untilWaiting(masters, 'key');

      expect(await channels()).to.eql(onAll(1));
      expect(new Set((await Promise.all(masters.map(channelsOn))).flat()).size).to.equal(1);
      const pubsub = await Promise.all(masters.map((master) => master.command('CLIENT', 'LIST', 'TYPE', 'pubsub')));
      expect(pubsub.map((list) => String(list).match(/^id=/gm))).to.eql(masters.map(() => ['id=']));
      await until(async () => (await clients()).every((count) => count === 1), 'the holder has one connection, too');
      await holder.releaseLock('123', 'key');
      await soon(first ?? expect.fail(), 'the first one has it');
      await untilNobodyListens();
    });

    it('is no channel where its wait has ended in vain', async () => {
      await takeForeign();
      const lock = await open();
      const waited = begun(thrownBy(lock.acquireLock('123', 'key', LONG, 2000), ConflictException, 'LOCK_TIMEOUT'));
      await untilWaiting(masters, 'key');
      await waited;

      await untilNobodyListens();
    });

    it('is nothing at all where it had no need to wait', async () => {
      const lock = await open();
      await Promise.all(masters.map((master) => master.command('CONFIG', 'RESETSTAT')));
      await lock.acquireLock('123', 'free', LONG, LONG);
      await lock.releaseLock('123', 'free');
      await takeForeign();
      expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(false);
      await thrownBy(lock.acquireLock('123', 'key', LONG, 0), ConflictException, 'LOCK_TIMEOUT');

      const stats = await Promise.all(masters.map((master) => master.command('INFO', 'commandstats')));
      expect(String(stats))
        .to.include('cmdstat_evalsha')
        .and.not.to.match(/cmdstat_(subscribe|publish|zadd)/);
      expect(await keysOn(masters, 'redlock:waiting:*')).to.eql([]);
    });

    it('is a line that ends by itself, and not before the next retry', async () => {
      await takeForeign();
      const lock = await open({ retry_timeout: 20_000, retry_jitter: 5000 });
      void begun(lock.acquireLock('123', 'key', LONG, LONG));
      await untilWaiting(masters, 'key');

      for (const master of masters) {
        expect(await master.command('PTTL', 'redlock:waiting:key')).to.be.within(30_000, 51_000);
      }
    });

    it('is no line once the last one was served', async () => {
      const [holder, lock] = [await open(), await open()];
      await acquireEverywhere(holder, masters);
      const acquired = begun(lock.acquireLock('123', 'key', LONG, LONG));
      await untilWaiting(masters, 'key');
      await holder.releaseLock('123', 'key');
      await soon(acquired, 'it is served');

      await until(async () => (await keysOn(masters, 'redlock:waiting:*')).length === 0, 'it is gone');
    });
  });
}

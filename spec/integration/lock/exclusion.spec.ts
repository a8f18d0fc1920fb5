import { expect } from 'chai';
import type { RedisLock } from '../../../lib';
import { describeOnMasters } from '../../support/onMasters';
import { useLocks } from './locks';

const LONG = 60_000;

describeOnMasters('A lock with many callers', (bench) => {
  const locks = useLocks();
  const open = (): Promise<RedisLock> =>
    locks.open({ connections: bench.connections(), options: { retry_timeout: 10 } });

  it('holds many keys at once, more than it has rounds under way', async () => {
    const lock = await open();
    const keys = Array.from({ length: 1000 }, (_, index) => `key ${index}`);

    expect(await Promise.all(keys.map((key) => lock.tryAcquireLock('123', key, LONG)))).to.not.include(false);
    expect(lock.getStatus().held).to.equal(1000);
    await Promise.all(keys.map((key) => lock.releaseLock('123', key)));
    expect(lock.getStatus().held).to.equal(0);
  });

  it('is never given to two of many who try at the same time', async () => {
    const instances = await Promise.all([open(), open(), open(), open()]);
    let won = 0;
    for (let race = 0; race < 20; race++) {
      const tries = Array.from({ length: 20 }, async (_, index) =>
        instances[index % 4]?.tryAcquireLock('123', 'key', LONG),
      );
      const winners = (await Promise.all(tries)).flatMap((isWon, index) => (isWon === true ? [index] : []));

      expect(winners.length, `winners: ${winners.join(', ')}`).to.be.at.most(1);
      won += winners.length;
      await Promise.all(winners.map(async (index) => instances[index % 4]?.releaseLock('123', 'key')));
    }
    expect(won).to.be.above(0);
  });

  it('is held by one at a time, and in the end by everyone who waits for it', async () => {
    const instances = await Promise.all([open(), open(), open()]);
    let [inside, most, done] = [0, 0, 0];
    const work = async (lock: RedisLock): Promise<void> => {
      await lock.acquireLock('123', 'key', LONG, LONG);
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
      done += 1;
      await lock.releaseLock('123', 'key');
    };
    await Promise.all([...instances, ...instances].map(work));

    expect({ most, done }).to.deep.equal({ most: 1, done: 6 });
  });
});

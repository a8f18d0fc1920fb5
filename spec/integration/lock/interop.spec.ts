import { expect } from 'chai';
import { Redis } from 'ioredis';
import { ConflictException, ConnectionException } from 'pip-services4-commons-node';
import Redlock, { ExecutionError } from 'redlock';
import type { RedisLock } from '../../../lib';
import type { Master } from '../../support/Master';
import { startMasters } from '../../support/masters';
import { until } from '../../support/until';
import {
  addressesOf,
  setForeignLock,
  standsOnAll,
  standsOnNone,
  thrownBy,
  UNHURRIED,
  useLocks,
  valuesOn,
} from './locks';

const LONG = 60_000;

for (const size of [1, 3]) {
  describe(`A lock beside other clients of ${size} masters`, () => {
    const locks = useLocks();
    let masters: readonly Master[] = [];
    let clients: Redis[] = [];
    let redlock: Redlock;
    let lock: RedisLock;

    const onEach = (...command: (string | number)[]): Promise<readonly unknown[]> =>
      Promise.all(masters.map((master) => master.command(...command)));
    const onAll = (value: unknown): unknown[] => masters.map(() => value);

    before(async () => {
      masters = await startMasters(size);
      clients = masters.map(({ host, port }) => new Redis({ host, port }));
      redlock = new Redlock(clients, { retryCount: 0 });
      // It tells of every refused vote; without a listener the event would be thrown.
      redlock.on('error', () => {});
    });
    beforeEach(async () => {
      await onEach('FLUSHALL');
      lock = await locks.open({ connections: addressesOf(masters), options: { retry_timeout: 10, ...UNHURRIED } });
    });
    after(async () => {
      for (const client of clients) client.disconnect();
      await Promise.all(masters.map((master) => master.stop()));
    });

    it('refuses a plain SET NX PX, and is refused by one', async () => {
      await lock.acquireLock('123', 'ours', LONG);
      await until(() => standsOnAll(masters, 'ours'), 'it stands on each master');
      expect(await Promise.all(masters.map((master) => setForeignLock(master, 'ours')))).to.deep.equal(onAll(null));

      expect(await Promise.all(masters.map((master) => setForeignLock(master, 'theirs')))).to.deep.equal(onAll('OK'));
      expect(await lock.tryAcquireLock('123', 'theirs', LONG)).to.equal(false);
      await thrownBy(lock.acquireLock('123', 'theirs', LONG, 30), ConflictException, 'LOCK_TIMEOUT');
    });

    it('gives way to a plain SET NX PX once released, and takes over what they give back', async () => {
      await lock.acquireLock('123', 'key', LONG);
      await lock.releaseLock('123', 'key');
      await until(() => standsOnNone(masters, 'key'), 'it is gone');
      expect(await Promise.all(masters.map((master) => setForeignLock(master, 'key')))).to.deep.equal(onAll('OK'));
      await onEach('DEL', 'key');

      expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(true);
    });

    it('deletes no plain lock by its release, also when its own ran out', async () => {
      await lock.acquireLock('123', 'key', 50, LONG);
      for (const master of masters) await until(async () => (await setForeignLock(master, 'key')) === 'OK', 'theirs');
      await lock.releaseLock('123', 'key');
      expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(false);
      await lock.releaseLock('123', 'key');

      expect(await valuesOn(masters, 'key')).to.deep.equal(onAll('theirs'));
    });

    it('is refused by a lock without an end', async () => {
      await onEach('SET', 'key', 'theirs');
      const thrown = await thrownBy(lock.acquireLock('123', 'key', LONG, 0), ConflictException, 'LOCK_TIMEOUT');

      expect(thrown.message).to.include('key');
      expect(await onEach('PTTL', 'key')).to.deep.equal(onAll(-1));
    });

    it('refuses redlock, and is refused by it', async () => {
      await lock.acquireLock('123', 'ours', LONG);
      const refused: unknown = await redlock.acquire(['ours'], LONG).catch((error: unknown) => error);
      expect(refused).to.be.instanceOf(ExecutionError);
      expect(await lock.tryAcquireLock('123', 'ours', LONG)).to.equal(false);

      const theirs = await redlock.acquire(['theirs'], LONG);
      expect(await lock.tryAcquireLock('123', 'theirs', LONG)).to.equal(false);
      await lock.releaseLock('123', 'theirs');
      await until(async () => (await valuesOn(masters, 'theirs')).every((value) => value === theirs.value), 'kept');
      await theirs.release();
      await lock.acquireLock('123', 'theirs', LONG, LONG);
    });

    it('gives way to redlock once released, and deletes nothing of it afterwards', async () => {
      await lock.acquireLock('123', 'key', LONG);
      await lock.releaseLock('123', 'key');
      await until(() => standsOnNone(masters, 'key'), 'it is gone');
      const theirs = await redlock.acquire(['key'], LONG);
      await lock.releaseLock('123', 'key');

      await until(async () => (await valuesOn(masters, 'key')).every((value) => value === theirs.value), 'kept');
      await theirs.release();
    });

    it('waits for redlock, and is waited for by it, while both are in use', async () => {
      const patient = new Redlock(clients, { retryCount: 200, retryDelay: 10 });
      patient.on('error', () => {});
      const theirs = await patient.acquire(['key'], LONG);
      const waiting = lock.acquireLock('123', 'key', LONG, LONG);
      await theirs.release();
      await waiting;
      const next = patient.acquire(['key'], LONG);
      await lock.releaseLock('123', 'key');

      await (await next).release();
    });

    // What its mutex sends: SET mutex:<key> <identifier> PX <ttl> NX.
    it('refuses the mutex of redis-semaphore under its prefix, and is refused by it', async () => {
      const options = { key_prefix: 'mutex:', ...UNHURRIED };
      const prefixed = await locks.open({ connections: addressesOf(masters), options });
      await prefixed.acquireLock('123', 'ours', LONG);
      await until(() => standsOnAll(masters, 'mutex:ours'), 'it stands on each master');
      const taken = await Promise.all(masters.map((master) => setForeignLock(master, 'mutex:ours')));
      expect(taken).to.deep.equal(onAll(null));

      await Promise.all(masters.map((master) => setForeignLock(master, 'mutex:theirs')));
      expect(await prefixed.tryAcquireLock('123', 'theirs', LONG)).to.equal(false);
      await prefixed.releaseLock('123', 'theirs');
      expect(await valuesOn(masters, 'mutex:theirs')).to.deep.equal(onAll('theirs'));
    });

    it("says where a key holds somebody's data, and leaves it alone", async () => {
      await onEach('HSET', 'key', 'field', 'value');
      const thrown = await thrownBy(lock.tryAcquireLock('123', 'key', LONG), ConnectionException, 'NO_QUORUM');
      // It is known before the slowest has answered.
      const named = masters.filter(({ port }) =>
        thrown.details.getAsString('masters').includes(`${port}: foreign-key`),
      );
      expect(named.length, thrown.message).to.be.at.least(masters.length / 2);
      expect(thrown.message).to.include('"key" holds a hash');
      await thrownBy(lock.acquireLock('123', 'key', LONG, 30), ConnectionException, 'NO_QUORUM');
      await lock.releaseLock('123', 'key');

      expect(await onEach('HGET', 'key', 'field')).to.deep.equal(onAll('value'));
    });
  });
}

describe('A lock beside data on some of its masters', () => {
  const locks = useLocks();
  let masters: readonly Master[] = [];

  before(async () => {
    masters = await startMasters(3);
  });
  after(async () => {
    await Promise.all(masters.map((master) => master.stop()));
  });

  it('is granted by the others where they are a quorum, and leaves nothing where they are not', async () => {
    const lock = await locks.open({ connections: addressesOf(masters) });
    await masters[0]?.command('RPUSH', 'one', 'value');
    expect(await lock.tryAcquireLock('123', 'one', LONG)).to.equal(true);
    await lock.releaseLock('123', 'one');
    expect(await masters[0]?.command('LLEN', 'one')).to.equal(1);

    for (const master of masters.slice(1)) await master.command('SADD', 'two', 'value');
    const thrown = await thrownBy(lock.tryAcquireLock('123', 'two', LONG), ConnectionException, 'NO_QUORUM');
    expect(thrown.details.getAsString('masters').match(/"two" holds a set/g)).to.have.length(2);
    await until(async () => (await masters[0]?.command('EXISTS', 'two')) === 0, 'the one grant is taken back');
  });
});

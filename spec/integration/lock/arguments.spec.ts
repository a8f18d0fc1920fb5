import { expect } from 'chai';
import { BadRequestException, type ApplicationException } from 'pip-services4-commons-node';
import type { RedisLock } from '../../../lib';
import type { Master } from '../../support/Master';
import { startMasters } from '../../support/masters';
import { until } from '../../support/until';
import { addressesOf, standsOnAll, standsOnNone, thrownBy, useLocks, valuesOn } from './locks';

const LONG = 60_000;
const KIB = 1024;

/** What callers without types pass. */
const wrong = (value: unknown): never => value as never;

describe("A lock's arguments", () => {
  const locks = useLocks();
  let masters: readonly Master[] = [];
  let lock: RedisLock;

  before(async () => {
    masters = await startMasters(3);
  });
  beforeEach(async () => {
    lock = await locks.open({ connections: addressesOf(masters) });
  });
  after(async () => {
    await Promise.all(masters.map((master) => master.stop()));
  });

  const refused = (work: Promise<unknown>, code: string): Promise<ApplicationException> =>
    thrownBy(work, BadRequestException, code);

  const badKeys: readonly (readonly [title: string, key: string])[] = [
    ['empty', ''],
    ['longer than 64 KiB', 'k'.repeat(64 * KIB + 1)],
    ['longer than 64 KiB in bytes alone', 'ü'.repeat(32 * KIB + 1)],
    ['no text, for a lone surrogate', 'key\ud800'],
    ['no text, for a lone surrogate before others', '\udc00key'],
    ['a number', wrong(1)],
    ['missing', wrong(undefined)],
    ['null', wrong(null)],
  ];
  for (const [title, key] of badKeys) {
    it(`refuse a key that is ${title}`, async () => {
      const thrown = await refused(lock.tryAcquireLock('123', key, LONG), 'BAD_KEY');
      await refused(lock.acquireLock('123', key, LONG, 0), 'BAD_KEY');
      await refused(lock.acquire('123', key), 'BAD_KEY');
      await refused(lock.releaseLock('123', key), 'BAD_KEY');

      expect(thrown.message.length).to.be.below(200);
    });
  }

  for (const [prefix, key] of [
    ['', 'redlock:guard'],
    ['red', 'lock:guard'],
    ['', 'redlock:waiting:key'],
    ['redlock:waiting:', 'key'],
    ['redlock:w', 'aiting:key'],
    ['', 'redlock:rights:key'],
    ['app:', 'redlock:rights:key'],
  ] as const) {
    it(`refuse the key ${key} behind the prefix "${prefix}", a name of the library`, async () => {
      lock = await locks.open({ connections: addressesOf(masters), options: { key_prefix: prefix } });
      for (const call of [
        () => lock.tryAcquireLock('123', key, LONG),
        () => lock.acquireLock('123', key, LONG, 0),
        () => lock.acquireLease('123', [key, 'a'], LONG),
        () =>
          lock.adoptLease('123', {
            keys: [key],
            token: 'token',
            formerTokens: [],
            ttl: LONG,
            longestTtl: LONG,
            fencingToken: null,
          }),
      ]) {
        expect((await refused(call(), 'BAD_KEY')).message).to.include(prefix + key);
      }
      expect(lock.getStatus().held).to.equal(0);
    });
  }

  it('may be keys that only look like names of the library', async () => {
    for (const key of ['redlock', 'redlock:', 'redlock:guards', 'redlock:orders/17', 'app:redlock:waiting:key']) {
      expect(await lock.tryAcquireLock('123', key, LONG), key).to.equal(true);
      await lock.releaseLock('123', key);
    }
  });

  it('refuse more keys in one call than masters are to be kept with, and more bytes', async () => {
    const many = Array.from({ length: 1001 }, (_, index) => `key-${index}`);
    const long = Array.from({ length: 17 }, (_, index) => String(index).padEnd(64 * KIB, 'k'));
    expect((await refused(lock.acquireLease('123', many, LONG), 'BAD_KEY')).message).to.include('at most 1000 keys');
    expect((await refused(lock.acquireLease('123', long, LONG), 'BAD_KEY')).message).to.include(
      'at most 1048576 bytes',
    );
    for (const allowed of [many.slice(1), long.slice(1)]) {
      const lease = await lock.acquireLease('123', allowed, LONG);
      expect((await lease.release()).kind).to.equal('released');
    }
  });

  for (const ttl of [9, 10.5, 0, -10, NaN, Infinity, 2_147_483_648, wrong('100'), wrong(null), wrong(undefined)]) {
    it(`refuse a ttl of ${typeof ttl} ${String(ttl)}`, async () => {
      const thrown = await refused(lock.tryAcquireLock('123', 'key', ttl), 'BAD_TTL');
      await refused(lock.acquireLock('123', 'key', ttl, 0), 'BAD_TTL');

      expect(thrown.message).to.include(String(ttl)).and.include('10').and.include('2147483647');
      expect(await valuesOn(masters, 'key')).to.deep.equal([null, null, null]);
    });
  }

  for (const timeout of [-1, 1.5, NaN, 2_147_483_648, wrong('100')]) {
    it(`refuse a timeout of ${typeof timeout} ${String(timeout)}`, async () => {
      const thrown = await refused(lock.acquireLock('123', 'key', LONG, timeout), 'BAD_TIMEOUT');
      await refused(lock.acquire('123', 'key', LONG, timeout), 'BAD_TIMEOUT');

      expect(thrown.message).to.include(String(timeout)).and.include('2147483647');
      expect(await valuesOn(masters, 'key')).to.deep.equal([null, null, null]);
    });
  }

  const goodKeys: readonly (readonly [title: string, key: string])[] = [
    ['of unicode', 'Schlüssel 🔒 鍵 "\\\r\n\0'],
    ['that is a space', ' '],
    ['of exactly 64 KiB', 'k'.repeat(64 * KIB)],
    ['of exactly 64 KiB in bytes', 'ü'.repeat(32 * KIB)],
  ];
  for (const [title, key] of goodKeys) {
    it(`may be a key ${title}`, async () => {
      expect(await lock.tryAcquireLock('123', key, LONG)).to.equal(true);
      await until(() => standsOnAll(masters, key), 'it stands on each master');
      await lock.releaseLock('123', key);
      await until(() => standsOnNone(masters, key), 'it is gone');
    });
  }

  it('may be the longest ttl and timeout, and the shortest', async () => {
    await lock.acquireLock('123', 'long', 2_147_483_647, 2_147_483_647);
    expect(await masters[0]?.command('PTTL', 'long')).to.be.within(2_147_400_000, 2_147_483_647);
    // What is left of the shortest ttl may be over before a busy machine looks: it is accepted, that is all.
    await lock.acquireLock('123', 'short', 10, 0).catch((error: unknown) => {
      expect(error).to.have.property('code', 'NO_QUORUM');
    });
    await lock.releaseLock('123', 'long');
  });
});

import { expect } from 'chai';
import { ConflictException } from 'pip-services4-commons-node';
import type { Lease, RedisLock } from '../../../lib';
import { WRITE_NUMBER } from '../../../lib/quorum/fenceScripts';
import { addressesOf, standsOnAll, thrownBy, useLocks, useMasters } from '../../integration/lock/locks';
import { until } from '../../support/until';

const LONG = 30_000;

/** Data of somebody else in place of a lock, in one step: nothing is healed in between. */
const OVERWRITE: Readonly<Record<string, string>> = {
  'a hash': "redis.call('del', KEYS[1]) redis.call('hset', KEYS[1], 'field', '1')",
  'a list': "redis.call('del', KEYS[1]) redis.call('rpush', KEYS[1], '1')",
  'a string': "redis.call('set', KEYS[1], 'theirs')",
};

describe('A lease whose key is overwritten', () => {
  const locks = useLocks();
  const masters = useMasters(3);
  const acquire = async (lock: RedisLock, ttlMs: number): Promise<Lease> => {
    const lease = await lock.acquireLease('123', 'key', ttlMs);
    await until(() => standsOnAll(masters, 'key'), 'it stands on each master');
    return lease;
  };
  const open = (): Promise<RedisLock> => locks.open({ connections: addressesOf(masters), options: { retries: -1 } });
  const overwrite = (what: string, count: number): Promise<unknown> =>
    Promise.all(masters.slice(0, count).map((master) => master.command('EVAL', OVERWRITE[what] ?? '', 1, 'key')));

  for (const what of Object.keys(OVERWRITE)) {
    it(`with ${what} is lost at once when it is extended`, async () => {
      const lease = await acquire(await open(), LONG);
      const { signal } = lease;
      await overwrite(what, 2);
      await thrownBy(lease.extend(LONG), ConflictException, 'LOCK_LOST');

      expect([signal.aborted, lease.isValid()]).to.eql([true, false]);
    });
  }

  it('with a hash is lost at once when it is renewed', async () => {
    const lease = await acquire(await open(), LONG);
    const { signal } = lease;
    await overwrite('a hash', 3);
    // As the renewals do, before they are due.
    await thrownBy(
      lease.renew(() => LONG),
      ConflictException,
      'LOCK_LOST',
    );

    expect(signal.aborted).to.equal(true);
  });

  it('with a hash on a minority is kept', async () => {
    const lease = await acquire(await open(), LONG);
    await overwrite('a hash', 1);
    await lease.extend(LONG);

    expect(lease.isValid()).to.equal(true);
  });

  it('with a hash cannot be adopted', async () => {
    const lock = await open();
    const lease = await acquire(lock, LONG);
    const handedOver = lease.handOver();
    await overwrite('a hash', 3);

    await thrownBy(lock.adoptLease('123', handedOver), ConflictException, 'LOCK_LOST');
  });

  it('with a hash gets no fencing token written for it', async () => {
    const [master] = masters;
    await master?.command('HSET', 'redlock:guard', 'run', 'a run');
    await master?.command('HSET', 'key', 'field', '1');

    expect(await master?.command('EVAL', WRITE_NUMBER.source, 1, 'key', 'a run', 'a token', 7)).to.eql(['gone']);
  });
});

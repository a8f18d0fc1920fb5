import { expect } from 'chai';
import { ConfigException } from 'pip-services4-commons-node';
import type { Lease, RedisLock } from '../../../lib';
import type { Master } from '../../support/Master';
import { describeOnMasters } from '../../support/onMasters';
import { thrownBy, useLocks } from '../lock/locks';

const LONG = 60_000;
/** Numbers are microseconds: so far ahead of every clock here. */
const AHEAD = 20_000_000;

describeOnMasters('A fencing token', (bench) => {
  const locks = useLocks();
  const open = (options: object = {}): Promise<RedisLock> =>
    locks.open({ connections: bench.connections(), options: { retry_timeout: 10, ...options } });

  /** The token of the next holder, which gives the lock back at once. */
  async function next(lock: RedisLock, keys: string | readonly string[] = 'key'): Promise<number> {
    const lease: Lease = await lock.acquireLease('123', keys, LONG, { fencing: true, timeout: 5000 });
    await lease.release();
    return lease.fencingToken ?? expect.fail('it has no token');
  }

  const runOf = async (master: Master): Promise<string> => String(await master.command('HGET', 'redlock:guard', 'run'));

  it('rises from holder to holder, whoever they are', async () => {
    const both = [await open(), await open()];
    const tokens: number[] = [];
    for (let turn = 0; turn < 12; turn += 1) {
      const lock = both[turn % 3 === 0 ? 0 : 1] ?? expect.fail();
      tokens.push(await next(lock));
    }

    expect(tokens).to.deep.equal([...new Set(tokens)].sort((left, right) => left - right));
    expect(tokens.every(Number.isSafeInteger)).to.equal(true);
  });

  it('is given only where it is asked for', async () => {
    const lock = await open();
    const lease = await lock.acquireLease('123', 'key', LONG);
    expect(lease.fencingToken).to.equal(null);
  });

  it('is above what the masters have accepted for the key, however far the clock here is behind', async () => {
    const lock = await open();
    const former = (await next(lock)) + AHEAD;
    for (const master of bench.living)
      await master.command('SET', 'redlock:fence:key', `${former} ${await runOf(master)}`);

    expect(await next(lock)).to.equal(former + 1);
    expect(await next(await open())).to.equal(former + 2);
  });

  it('is above what the masters have accepted for any key, once the number of its own has expired', async () => {
    const lock = await open();
    const former = (await next(lock)) + AHEAD;
    for (const master of bench.living) {
      await master.command('HSET', 'redlock:fence', 'floor', former);
      await master.command('DEL', 'redlock:fence:key');
    }

    expect(await next(lock)).to.equal(former + 1);
  });

  it('is one for all keys that are held together', async () => {
    const lock = await open();
    const former = (await next(lock, 'one')) + AHEAD;
    for (const master of bench.living)
      await master.command('SET', 'redlock:fence:one', `${former} ${await runOf(master)}`);
    const together = await next(lock, ['other', 'one']);

    expect(together).to.equal(former + 1);
    expect(await next(lock, 'other')).to.be.above(together);
  });

  it('has keys that expire, but for one', async () => {
    const lock = await open();
    await next(lock);
    for (const master of bench.living) {
      const keys = (await master.command('KEYS', 'redlock:fence*')) as readonly string[];
      for (const key of keys) {
        const ttlMs = Number(await master.command('PTTL', key));
        if (key === 'redlock:fence') expect(ttlMs).to.equal(-1);
        else expect(ttlMs).to.be.within(86_000_000, 86_400_000);
      }
    }
  });

  it('is refused where masters are not watched for a loss of memory', async () => {
    const lock = await open({ restart_guard: 0 });
    await thrownBy(lock.acquireLease('123', 'key', LONG, { fencing: true }), ConfigException, 'BAD_OPTION');
    expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(true);
  });
});

import { expect } from 'chai';
import { ConfigException } from 'pip-services4-commons-node';
import { stub } from 'sinon';
import type { Lease, RedisLock } from '../../../lib';
import { MARKER } from '../../../lib/master/marker';
import type { Master } from '../../support/Master';
import { describeOnMasters } from '../../support/onMasters';
import { thrownBy, UNHURRIED, useLocks } from '../lock/locks';

const LONG = 60_000;
/** Numbers are microseconds: so far ahead of every clock here. */
const AHEAD = 20_000_000;
const YEAR_MS = 365 * 86_400_000;

describeOnMasters('A fencing token', (bench) => {
  const locks = useLocks();
  const open = (options: object = {}): Promise<RedisLock> =>
    locks.open({ connections: bench.connections(), options: { retry_timeout: 10, ...UNHURRIED, ...options } });

  /** The token of the next holder, which gives the lock back at once. */
  async function next(lock: RedisLock, keys: string | readonly string[] = 'key'): Promise<number> {
    const lease: Lease = await lock.acquireLease('123', keys, LONG, { fencing: true, timeout: LONG });
    await lease.release();
    return lease.fencingToken ?? expect.fail('it has no token');
  }

  /** As after numbers by a clock that is far ahead. */
  async function raise(number: number): Promise<void> {
    for (const master of bench.living) await master.command('HSET', MARKER, 'highest', number);
  }

  async function scriptsRunOn(master: Master): Promise<number> {
    const [, calls] = /cmdstat_evalsha:calls=(\d+)/.exec(String(await master.command('INFO', 'commandstats'))) ?? [];
    return Number(calls);
  }

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

  it('is above what the masters have accepted, however far the clock here is behind', async () => {
    const lock = await open();
    const former = (await next(lock)) + AHEAD;
    await raise(former);

    expect(await next(lock)).to.equal(former + 1);
    expect(await next(await open())).to.equal(former + 2);
  });

  it('costs no round trip, also behind a clock that is ahead, once that is known', async () => {
    const lock = await open();
    await raise((await next(lock)) + AHEAD);
    await next(lock);
    for (const master of bench.living) await master.command('CONFIG', 'RESETSTAT');
    for (let turn = 0; turn < 10; turn += 1) await next(lock);
    await lock.close('123');

    for (const master of bench.living) expect(await scriptsRunOn(master)).to.equal(20);
  });

  it('is one for all keys that are held together', async () => {
    const lock = await open();
    const former = (await next(lock, 'one')) + AHEAD;
    await raise(former);
    const together = await next(lock, ['other', 'one']);

    expect(together).to.equal(former + 1);
    expect(await next(lock, 'other')).to.be.above(together);
  });

  it('leaves nothing on the masters but its number', async () => {
    const lock = await open();
    const token = await next(lock);
    await lock.close('123');

    for (const master of bench.living) {
      expect(await master.command('KEYS', '*')).to.deep.equal([MARKER]);
      expect(await master.command('HGET', MARKER, 'highest')).to.equal(String(token));
    }
  });

  it('is not taken from a clock that is ahead by more than the guard, which would use up the numbers', async () => {
    const lock = await open();
    const origin = stub(performance, 'timeOrigin').value(Date.now() + 50 * YEAR_MS);
    try {
      const token = await next(lock);
      expect(await next(lock)).to.equal(token + 1);
      expect(token).to.be.below((Date.now() + YEAR_MS) * 1000);
    } finally {
      origin.restore();
    }
  });

  it('is refused where masters are not watched for a loss of memory', async () => {
    const lock = await open({ restart_guard: 0 });
    await thrownBy(lock.acquireLease('123', 'key', LONG, { fencing: true }), ConfigException, 'BAD_OPTION');
    expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(true);
  });
});

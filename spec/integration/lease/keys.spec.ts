import { expect } from 'chai';
import { BadRequestException } from 'pip-services4-commons-node';
import type { RedisLock } from '../../../lib';
import { describeOnMasters } from '../../support/onMasters';
import { until } from '../../support/until';
import { setForeignLock, thrownBy, UNHURRIED, useLocks, valuesOn } from '../lock/locks';

const LONG = 60_000;
const HANDED_OVER = { token: 'token', formerTokens: [], ttl: LONG, longestTtl: LONG, fencingToken: null };

describeOnMasters('A lease of several keys', (bench) => {
  const locks = useLocks();
  const open = (options: object = {}): Promise<RedisLock> =>
    locks.open({ connections: bench.connections(), options: { retry_timeout: 10, ...UNHURRIED, ...options } });

  it('is of all of them, in their order, with one token under each', async () => {
    const lock = await open({ key_prefix: 'app:' });
    const lease = await lock.acquireLease('123', ['c', 'a', 'b'], LONG);
    expect(lease.keys).to.eql(['c', 'a', 'b']);
    const values = async (): Promise<readonly unknown[]> =>
      (await Promise.all(['app:a', 'app:b', 'app:c'].map((key) => valuesOn(bench.living, key)))).flat();
    await until(async () => !(await values()).includes(null), 'all stand on each master');
    expect(new Set(await values()).size).to.equal(1);
    await lease.extend(LONG);
    expect((await lease.release()).kind).to.equal('released');

    await until(async () => (await values()).every((value) => value === null), 'none stands anywhere');
  });

  it('is of none of them where one is held by another', async () => {
    const [lock, other] = [await open(), await open()];
    await other.acquireLease('123', 'b', LONG);

    expect(await lock.tryAcquireLease('123', ['a', 'b', 'c'], LONG)).to.equal(null);
    await until(
      async () =>
        [...(await valuesOn(bench.living, 'a')), ...(await valuesOn(bench.living, 'c'))].every((v) => v === null),
      'nothing is left of it',
    );
    expect(await lock.tryAcquireLock('123', 'a', LONG)).to.equal(true);
    expect(await lock.tryAcquireLease('123', ['a', 'd'], LONG), 'held by the same instance').to.equal(null);
  });

  it('leaves a master nothing that holds one of them for another', async () => {
    const lock = await open();
    const [first] = bench.living;
    await setForeignLock(first ?? expect.fail('no master'), 'b');
    await lock.tryAcquireLease('123', ['a', 'b'], LONG).catch(() => null);

    expect(await first?.command('EXISTS', 'a')).to.equal(0);
  });

  it('is waited for by many, in whatever order they name the keys, and each gets it in the end', async () => {
    const instances = await Promise.all([open(), open()]);
    const orders = [['a', 'b', 'c'], ['c', 'b', 'a'], ['b', 'c'], ['c', 'a'], ['a'], ['b', 'a']];
    const inside = new Map<string, number>();
    let [most, done] = [0, 0];
    const work = async (lock: RedisLock, keys: readonly string[]): Promise<void> => {
      const lease = await lock.acquireLease('123', keys, LONG, { timeout: LONG });
      for (const key of keys) {
        inside.set(key, (inside.get(key) ?? 0) + 1);
        most = Math.max(most, inside.get(key) ?? 0);
      }
      await new Promise((resolve) => setImmediate(resolve));
      for (const key of keys) inside.set(key, (inside.get(key) ?? 0) - 1);
      done += 1;
      await lease.release();
    };
    await Promise.all(instances.flatMap((lock) => orders.map((keys) => work(lock, keys))));

    expect({ most, done }).to.eql({ most: 1, done: 12 });
    for (const lock of instances) expect(lock.getStatus()).to.include({ held: 0, waiters: 0 });
  });

  it('is refused where there is no key, or one that is named twice or is no key', async () => {
    const lock = await open();
    for (const keys of [[], ['a', 'a'], ['a', 'b', 'a'], ['a', ''], [''], ['a', 1], null, { length: 1 }]) {
      const wrong = keys as readonly string[];
      for (const call of [
        () => lock.tryAcquireLease('123', wrong, LONG),
        () => lock.acquireLease('123', wrong, LONG),
        () => lock.withLock('123', wrong, LONG, async () => expect.fail('it was begun')),
        () => lock.adoptLease('123', { ...HANDED_OVER, keys: wrong }),
      ]) {
        await thrownBy(call(), BadRequestException, 'BAD_KEY');
      }
    }
    expect(lock.getStatus()).to.include({ held: 0, waiters: 0 });
  });
});

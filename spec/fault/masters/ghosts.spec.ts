import { expect } from 'chai';
import { ConnectionException } from 'pip-services4-commons-node';
import type { RedisLock } from '../../../lib';
import { addressesOf, standsOnAll, thrownBy, useLocks, useMasters, useProxies } from '../../integration/lock/locks';
import type { Master } from '../../support/Master';
import { until } from '../../support/until';

const LONG = 60_000;
/** For a master that is to be found silent; the others answer sooner. */
const NODE_TIMEOUT_MS = 1000;

describe('A lock without an owner', () => {
  const locks = useLocks();
  const masters = useMasters(3);
  const proxies = useProxies(masters);

  const open = (): Promise<RedisLock> =>
    locks.open({ connections: addressesOf(masters), options: { node_timeout: NODE_TIMEOUT_MS } });
  /** No clock ends a wait here, but a cut. */
  const openThroughProxies = (): Promise<RedisLock> =>
    locks.open({ connections: addressesOf(proxies), options: { node_timeout: LONG } });
  const lastOf = <T>(list: readonly T[]): T => list[list.length - 1] ?? expect.fail('the list is empty');
  const stateOf = (lock: RedisLock, index: number): string | undefined => lock.getStatus().masters[index]?.state;
  const areKeysGone = async (...keys: readonly string[]): Promise<boolean> => {
    const counts = await Promise.all(masters.map((master) => master.command('EXISTS', ...keys)));
    return counts.every((count) => count === 0);
  };
  /** How many keys have come to the end of their ttl. */
  const expiredOn = (some: readonly Master[]): Promise<readonly unknown[]> =>
    Promise.all(
      some.map(async (master) => /expired_keys:\d+/.exec(String(await master.command('INFO', 'stats')))?.[0]),
    );
  /** Everything that one master was asked from here on, in order, each command as one line. */
  const recordOn = async (master: Master): Promise<() => Promise<readonly string[]>> => {
    await master.command('CONFIG', 'SET', 'slowlog-log-slower-than', 0, 'slowlog-max-len', 1000);
    await master.command('SLOWLOG', 'RESET');
    return async () => {
      const entries = (await master.command('SLOWLOG', 'GET', -1)) as readonly (readonly unknown[])[];
      await master.command('CONFIG', 'SET', 'slowlog-log-slower-than', 10_000);
      return entries.map((entry) => (entry[3] as readonly string[]).join(' ')).reverse();
    };
  };

  it('is taken back at once when a quorum granted it after its ttl', async () => {
    const lock = await openThroughProxies();
    for (const proxy of proxies.slice(1)) proxy.hold('up');
    const { details } = await thrownBy(lock.tryAcquireLock('123', 'key', 2000), ConnectionException, 'NO_QUORUM');
    const expired = await expiredOn(masters.slice(1));
    for (const proxy of proxies) proxy.pass();
    // What is sent now is run behind the grants.
    await lock.acquireLock('123', 'another key', LONG);
    await until(() => standsOnAll(masters, 'another key'), 'each has granted what was held back');

    await until(() => areKeysGone('key'), 'no master holds the key');
    expect(await expiredOn(masters.slice(1)), 'it was not left to its ttl').to.eql(expired);
    for (const { port } of proxies.slice(1)) {
      expect(details.getAsString('masters')).to.include(
        `127.0.0.1:${port}: late (no answer before the ttl had passed)`,
      );
    }
    await lock.releaseLock('123', 'another key');
    expect(lock.getStatus().held).to.equal(0);
  });

  it('is taken back from a master that was paused during its round', async () => {
    const lock = await open();
    await lastOf(masters).pause();
    await lock.acquireLock('123', 'given back', LONG);
    await lock.acquireLock('123', 'held', LONG);
    await lock.releaseLock('123', 'given back');
    await until(() => stateOf(lock, 2) === 'away', 'its silence is noticed');
    await lastOf(masters).resume();
    await until(() => stateOf(lock, 2) === 'ready', 'it is ready again');

    expect(await lastOf(masters).command('EXISTS', 'given back', 'held')).to.equal(0);
    expect(await masters[0]?.command('EXISTS', 'held')).to.equal(1);
    expect(lock.getStatus().held).to.equal(1);
  });

  it('is taken back from masters that were paused during a round without a quorum', async () => {
    const lock = await open();
    await Promise.all(masters.slice(1).map((master) => master.pause()));
    await thrownBy(lock.tryAcquireLock('123', 'key', LONG), ConnectionException, 'NO_QUORUM');
    await Promise.all(masters.map((master) => master.resume()));
    await until(() => lock.getStatus().masters.every(({ state }) => state === 'ready'), 'all are ready again');

    expect(await areKeysGone('key')).to.equal(true);
    expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(true);
  });

  it('is taken back where its release was not sent, before anything else is asked', async () => {
    const lock = await openThroughProxies();
    await lock.acquireLock('123', 'key', LONG);
    await until(async () => (await lastOf(masters).command('EXISTS', 'key')) === 1, 'it stands on the last master');
    const token = String(await lastOf(masters).command('GET', 'key'));
    lastOf(proxies).refuse();
    lastOf(proxies).cut();
    await until(() => stateOf(lock, 2) === 'away', 'the cut is noticed');
    await lock.releaseLock('123', 'key');
    expect(await lastOf(masters).command('GET', 'key')).to.equal(token);

    const commands = await recordOn(lastOf(masters));
    await lastOf(proxies).accept();
    await until(() => stateOf(lock, 2) === 'ready', 'it is ready again');
    expect(await lastOf(masters).command('EXISTS', 'key')).to.equal(0);
    // What takes no keys only proves that scripts may be run.
    const asked = (await commands()).filter((line) => /^evalsha \S+ [1-9]/i.test(line));
    expect(asked[0]).to.include(` key ${token}`);
    expect(asked[1]).to.include(' redlock:guard ');
  });

  for (const direction of ['up', 'down'] as const) {
    it(`is taken back where its release was not confirmed, lost on its way ${direction}`, async () => {
      const lock = await openThroughProxies();
      await lock.acquireLock('123', 'key', LONG);
      await until(async () => (await lastOf(masters).command('EXISTS', 'key')) === 1, 'it stands on the last master');
      const token = String(await lastOf(masters).command('GET', 'key'));
      if (direction === 'up') lastOf(proxies).drop();
      else lastOf(proxies).hold('down');
      await lock.releaseLock('123', 'key');
      if (direction === 'down') {
        await until(async () => (await lastOf(masters).command('EXISTS', 'key')) === 0, 'it has run there');
      }
      lastOf(proxies).refuse();
      lastOf(proxies).cut();
      const lastError = (): string => lock.getStatus().masters[2]?.lastError ?? '';
      await until(() => lastError().includes('ECONNREFUSED'), 'it is away, and takes no second try');
      // As if the release had been lost either way: only what is taken back later can remove it.
      await lastOf(masters).command('SET', 'key', token, 'PX', LONG);
      lastOf(proxies).pass();
      await lastOf(proxies).accept();
      await until(() => stateOf(lock, 2) === 'ready', 'it is ready again');

      expect(await lastOf(masters).command('EXISTS', 'key')).to.equal(0);
    });
  }

  it('is not taken back from another who holds the key now', async () => {
    const [lock, other] = [await openThroughProxies(), await locks.open({ connections: addressesOf(masters) })];
    await lock.acquireLock('123', 'key', LONG);
    lastOf(proxies).refuse();
    lastOf(proxies).cut();
    await until(() => stateOf(lock, 2) === 'away', 'the cut is noticed');
    await lock.releaseLock('123', 'key');
    await lastOf(masters).command('DEL', 'key');
    await other.acquireLock('123', 'key', LONG);
    const token = await masters[0]?.command('GET', 'key');
    await lastOf(proxies).accept();
    await until(() => stateOf(lock, 2) === 'ready', 'it is ready again');

    expect(await lastOf(masters).command('GET', 'key')).to.equal(token);
  });
});

import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { RedisLock } from '../../../lib';
import {
  addressesOf,
  standsOnAll,
  standsOnNone,
  useLocks,
  useMasters,
  useProxies,
  valuesOn,
} from '../../integration/lock/locks';
import type { Master } from '../../support/Master';
import { until } from '../../support/until';

const LONG = 60_000;

describe('A lock that a master may hold without an owner', () => {
  const locks = useLocks();
  const masters = useMasters(3);
  const proxies = useProxies(masters);
  const open = (): Promise<RedisLock> =>
    locks.open({ connections: addressesOf(proxies), options: { retry_timeout: 10, node_timeout: LONG } });
  const stateOf = (lock: RedisLock, index: number): unknown => lock.getStatus().masters[index]?.state;
  const isEverywhere = (): Promise<boolean> => standsOnAll(masters, 'key');
  const isNowhere = (): Promise<boolean> => standsOnNone(masters, 'key');
  const callsOf = async (command: string): Promise<number> => {
    const stats = String(await masters[2]?.command('INFO', 'commandstats'));
    return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
  };

  for (const { title, refuse, permit } of [
    { title: 'too few replicas', refuse: 'min-replicas-to-write 1', permit: 'min-replicas-to-write 0' },
  ]) {
    it(`is given up as soon as the master takes writes again, after ${title}`, async () => {
      const lock = await open();
      await lock.acquireLock('123', 'key', LONG);
      await until(isEverywhere, 'it stands on each master');
      await masters[2]?.command('CONFIG', 'SET', ...refuse.split(' '));
      await lock.releaseLock('123', 'key');
      await until(async () => (await callsOf('evalsha')) > 0 && (await valuesOn(masters, 'key'))[0] === null, 'asked');
      expect((await valuesOn(masters, 'key'))[2]).to.be.a('string');
      await masters[2]?.command('CONFIG', 'SET', ...permit.split(' '));

      await until(isNowhere, 'it is given up');
      expect(stateOf(lock, 2)).to.equal('ready');
    });
  }

  it('is given up also where its release comes during the last step of a reconnection', async () => {
    const lock = await open();
    await lock.acquireLock('123', 'key', LONG);
    await until(isEverywhere, 'it stands on each master');
    const admissions = await callsOf('hgetall');
    // What the master answers is held back, so that it runs each step and this process waits.
    proxies[2]?.delay(20);
    proxies[2]?.cut();
    await until(() => stateOf(lock, 2) === 'away', 'it is away');
    // The probe of rights reads the marker as well.
    await until(async () => (await callsOf('hgetall')) >= admissions + 2, 'it has run the admission');
    await lock.releaseLock('123', 'key');

    await until(isNowhere, 'it is given up');
  });

  it('does not hide that its master is a replica by now', async () => {
    const lock = await open();
    await lock.acquireLock('123', 'key', LONG);
    await until(isEverywhere, 'it stands on each master');
    proxies[2]?.refuse();
    proxies[2]?.cut();
    await until(() => stateOf(lock, 2) === 'away', 'it is away');
    await lock.releaseLock('123', 'key');
    await masters[2]?.command('REPLICAOF', '127.0.0.1', masters[0]?.port ?? 0);
    await proxies[2]?.accept();

    const errorOf = (): string => lock.getStatus().masters[2]?.lastError ?? '';
    await until(() => errorOf().startsWith('replica:'), 'it is known to be a replica');
    await masters[2]?.command('REPLICAOF', 'NO', 'ONE');
    await until(isNowhere, 'it is given up');
  });

  it('is given up by thousands without a vote lost', async () => {
    const lock = await open();
    const keys = Array.from({ length: 3000 }, (_, index) => `key ${index}`);
    await Promise.all(keys.map((key) => lock.acquireLock('123', key, LONG)));
    proxies[2]?.refuse();
    proxies[2]?.cut();
    await until(() => stateOf(lock, 2) === 'away', 'it is away');
    await Promise.all(keys.map((key) => lock.releaseLock('123', key)));
    await proxies[2]?.accept();
    await until(() => stateOf(lock, 2) === 'ready', 'it is back');

    expect(await masters[2]?.command('DBSIZE'), 'the marker is left').to.equal(1);
  });

  it('does not keep its master away while more of them come', async () => {
    const lock = await open();
    const keys = Array.from({ length: 1000 }, (_, index) => `key ${index}`);
    await Promise.all(keys.map((key) => lock.acquireLock('123', key, LONG)));
    proxies[2]?.delay(10);
    proxies[2]?.cut();
    await until(() => stateOf(lock, 2) === 'away', 'it is away');
    // Several in each round trip.
    let released = 0;
    while (released < keys.length && stateOf(lock, 2) !== 'ready') {
      await lock.releaseLock('123', keys[released] ?? '');
      released += 1;
      await sleep(2);
    }

    expect(released).to.be.below(keys.length);
    await Promise.all(keys.slice(released).map((key) => lock.releaseLock('123', key)));
    await until(async () => (await masters[2]?.command('DBSIZE')) === 1, 'all are given up, and the marker is left');
  });

  describe('and that its master refuses to give up', () => {
    afterEach(() => Promise.all(masters.map((master) => master.command('ACL', 'DELUSER', 'app'))));

    it('does not stand in the way of those behind it', async () => {
      const permit = async (master: Master | undefined, ...rules: readonly string[]): Promise<unknown> =>
        master?.command('ACL', 'SETUSER', 'app', 'on', '>secret', '&*', '+@all', ...rules);
      await Promise.all(masters.map((master) => permit(master, '~*')));
      const credential = { username: 'app', password: 'secret' };
      const lock = await locks.open({ connections: addressesOf(masters), credential, options: { restart_guard: 0 } });
      const closed = Array.from({ length: 300 }, (_, index) => `closed ${index}`);
      await Promise.all([...closed, 'key'].map((key) => lock.acquireLock('123', key, LONG)));
      await until(isEverywhere, 'it stands on each master');
      await permit(masters[2], 'resetkeys');
      await Promise.all([...closed, 'key'].map((key) => lock.releaseLock('123', key)));
      await until(async () => (await valuesOn(masters, 'key')).filter(Boolean).length === 1, 'it is refused by one');
      await permit(masters[2], '~key');

      await until(isNowhere, 'it is given up');
      expect(await masters[2]?.command('DBSIZE')).to.equal(closed.length);
      await permit(masters[2], '~*');
      await until(async () => (await masters[2]?.command('DBSIZE')) === 0, 'all are given up');
    });
  });
});

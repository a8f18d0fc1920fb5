import { expect } from 'chai';
import type { RedisLock } from '../../../lib';
import { addressesOf, useLocks } from '../../integration/lock/locks';
import { RedisServer } from '../../support/RedisServer';
import { TcpSwitch } from '../../support/TcpSwitch';
import { until } from '../../support/until';

const TTL = 60_000;

/** A master that is demoted keeps its connections: nothing but what it refuses tells of it. */
describe('A master that is demoted', () => {
  const locks = useLocks();
  const names: TcpSwitch[] = [];
  let servers: readonly RedisServer[] = [];

  before(async () => {
    servers = await Promise.all(
      [0, 1, 2, 3].map(() => RedisServer.start({ args: ['--repl-diskless-sync-delay', '0'] })),
    );
  });
  beforeEach(async () => {
    await Promise.all(servers.map((server) => server.command('REPLICAOF', 'NO', 'ONE')));
    await Promise.all(servers.map((server) => server.command('FLUSHALL')));
  });
  afterEach(async () => {
    await Promise.all(names.splice(0).map((name) => name.close()));
  });
  after(async () => {
    await Promise.all(servers.map((server) => server.stop()));
  });

  const serverAt = (index: number): RedisServer => servers[index] ?? expect.fail('there is no such server');
  const stateOf = (lock: RedisLock): string | undefined => lock.getStatus().masters[0]?.state;
  const canLock = (lock: RedisLock, key: string) => async (): Promise<boolean> => lock.tryAcquireLock('123', key, TTL);

  for (const size of [1, 3]) {
    for (const restart_guard of [60_000, 0]) {
      it(`is left for the one that its name leads to: 1 of ${size}, guard ${restart_guard}`, async () => {
        const [former, promoted] = [serverAt(0), serverAt(3)];
        const name = await TcpSwitch.start(former.port);
        names.push(name);
        const connections = addressesOf([name, ...servers.slice(1, size)]);
        const lock = await locks.open({ connections, options: { restart_guard } });
        await until(() => lock.getStatus().masters.every(({ state }) => state === 'ready'), 'all are ready');
        name.turnTo(promoted.port);
        await former.command('REPLICAOF', '127.0.0.1', promoted.port);

        await until(canLock(lock, 'key'), 'a lock is granted');
        await until(
          async () => String(await promoted.command('INFO', 'commandstats')).includes('evalsha'),
          'it is asked',
        );
        const state = size > 1 && restart_guard > 0 ? 'quarantined' : 'ready';
        await until(() => stateOf(lock) === state, 'it is connected to');
      });
    }
  }

  it('has no vote where its name leads to no other, and the status says so', async () => {
    const lock = await locks.open({ connections: addressesOf(servers.slice(0, 3)) });
    await serverAt(0).command('REPLICAOF', '127.0.0.1', serverAt(3).port);
    expect(await lock.tryAcquireLock('123', 'key', TTL)).to.equal(true);
    await until(() => lock.getStatus().masters[0]?.lastError?.startsWith('replica: ') === true, 'it is found out');
    expect(stateOf(lock)).to.equal('away');

    await serverAt(0).command('REPLICAOF', 'NO', 'ONE');
    // What it knew is gone where it had begun to copy the other one.
    await until(() => ['ready', 'quarantined'].includes(stateOf(lock) ?? ''), 'it is a master again');
  });
});

import { expect } from 'chai';
import { ConfigException } from 'pip-services4-commons-node';
import type { References, RedisLock } from '../../../lib';
import { addressesOf, thrownBy, useLocks, loggedInto } from '../../integration/lock/locks';
import { RedisServer } from '../../support/RedisServer';
import { TcpSwitch } from '../../support/TcpSwitch';
import { until } from '../../support/until';

const LONG = 60_000;

describe('The masters of a lock', () => {
  const locks = useLocks();
  let servers: readonly RedisServer[] = [];
  let warnings: string[] = [];

  before(async () => {
    servers = await Promise.all([0, 1, 2].map(() => RedisServer.start({ args: ['--repl-diskless-sync-delay', '0'] })));
  });
  beforeEach(async () => {
    warnings = [];
    await Promise.all(servers.map((server) => server.command('REPLICAOF', 'NO', 'ONE')));
    await Promise.all(servers.map((server) => server.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction')));
    await Promise.all(servers.map((server) => server.command('FLUSHALL')));
  });
  after(async () => {
    await Promise.all(servers.map((server) => server.stop()));
  });

  const serverAt = (index: number): RedisServer => servers[index] ?? expect.fail('there is no such server');
  const portAt = (index: number): number => serverAt(index).port;
  const follow = (index: number, leader: number): Promise<unknown> =>
    serverAt(index).command('REPLICAOF', '127.0.0.1', portAt(leader));
  const references = (): References => loggedInto(warnings);
  /** The lock serves with the two masters that are left, and what it held before it still holds. */
  const expectUnharmed = async (lock: RedisLock, heldBefore: string): Promise<void> => {
    expect(lock.getStatus().held).to.equal(1);
    expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(true);
    await lock.releaseLock('123', 'key');
    await lock.releaseLock('123', heldBefore);
    expect(await serverAt(0).command('EXISTS', 'key', heldBefore)).to.equal(0);
  };

  it('are not one server behind two names', async () => {
    const hosts = [
      { host: 'localhost', port: portAt(0) },
      { host: '127.0.0.1', port: portAt(0) },
    ];
    const lock = locks.create({ connections: [...hosts, ...addressesOf(servers.slice(1))] });
    const { message } = await thrownBy(lock.open('123'), ConfigException, 'DUPLICATE_MASTER');

    expect(message)
      .to.include(`localhost:${portAt(0)}`)
      .and.to.include(`127.0.0.1:${portAt(0)}`);
    expect(lock.isOpen()).to.equal(false);
  });

  it('have no vote as replicas, and keep a lock from being opened only where no quorum is left', async () => {
    await follow(2, 1);
    const lock = await locks.open({ connections: addressesOf(servers) }, references());
    await until(() => lock.getStatus().masters[2]?.state === 'away', 'it was found out');
    expect(warnings).to.include(
      `Redis master 127.0.0.1:${portAt(2)} has no vote: replica (is a replica, and its master has the vote)`,
    );

    await follow(1, 0);
    const other = locks.create({ connections: addressesOf(servers) });
    const { message } = await thrownBy(other.open('123'), ConfigException, 'NOT_A_MASTER');
    expect(message).to.match(/127\.0\.0\.1:\d+ cannot be used: it is a replica/);
    expect(other.isOpen()).to.equal(false);
  });

  it('are warned of when they may evict locks', async () => {
    await serverAt(1).command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    const lock = await locks.open({ connections: addressesOf(servers) }, references());

    expect(warnings.filter((message) => message.includes('maxmemory'))).to.deep.equal([
      `Redis master 127.0.0.1:${portAt(1)} may evict locks: its maxmemory-policy is allkeys-lru`,
    ]);
    const policies = lock.getStatus().masters.map(({ maxmemoryPolicy }) => maxmemoryPolicy);
    expect(policies).to.deep.equal(['noeviction', 'allkeys-lru', 'noeviction']);
  });

  describe('that change behind their addresses', () => {
    let tcpSwitch: TcpSwitch;
    let lock: RedisLock;

    beforeEach(async () => {
      tcpSwitch = await TcpSwitch.start(portAt(2));
      const connections = addressesOf(servers.slice(0, 2)).concat({ host: '127.0.0.1', port: tcpSwitch.port });
      lock = await locks.open({ connections }, references());
      await lock.acquireLock('123', 'held before', LONG);
    });
    afterEach(async () => {
      await lock.close('123');
      await tcpSwitch.close();
    });

    const standing = (): readonly [string | undefined, string] => {
      const status = lock.getStatus().masters[2];
      return [status?.state, status?.lastError ?? ''];
    };
    const hasLostItsVote = (): Promise<void> =>
      until(() => /^(duplicate|replica): /.test(standing()[1]), 'the last master has lost its vote');

    it('lose their vote as the same server as another', async () => {
      tcpSwitch.turnTo(portAt(0));
      tcpSwitch.cut();
      await hasLostItsVote();
      const reason = `duplicate: is the same server as 127.0.0.1:${portAt(0)}, which has one vote`;
      expect(standing()).to.deep.equal(['away', reason]);
      expect(warnings).to.include(
        `Redis master 127.0.0.1:${tcpSwitch.port} has no vote: duplicate (is the same server as 127.0.0.1:${portAt(0)}, which has one vote)`,
      );
      await expectUnharmed(lock, 'held before');

      tcpSwitch.turnTo(portAt(2));
      await until(() => standing()[0] === 'ready', 'it leads to a server of its own again');
    });

    it('lose their vote as replicas', async () => {
      await follow(2, 1);
      tcpSwitch.cut();
      await hasLostItsVote();
      expect(standing()).to.deep.equal(['away', 'replica: is a replica, and its master has the vote']);
      await expectUnharmed(lock, 'held before');
    });

    it('are asked to prove themselves when a replica has been promoted behind the name', async () => {
      await follow(2, 1);
      await until(
        async () => String(await serverAt(2).command('INFO', 'replication')).includes('master_link_status:up'),
        'it has copied what the other one knew',
      );
      await serverAt(2).command('REPLICAOF', 'NO', 'ONE');
      tcpSwitch.cut();
      await until(() => standing()[0] === 'quarantined', 'it is in quarantine');
      await expectUnharmed(lock, 'held before');
    });
  });
});

import { expect } from 'chai';
import { ConfigException, ConnectionException } from 'pip-services4-commons-node';
import type { References, RedisLock } from '../../../lib';
import { thrownBy, useLocks, loggedInto } from '../../integration/lock/locks';
import { RedisServer } from '../../support/RedisServer';
import { SentinelServer } from '../../support/SentinelServer';
import { until } from '../../support/until';

/** Of every lock; what was forgotten in a failover is over in this time. */
const TTL = 6000;
const FAILOVER_MS = 60_000;
const GROUPS = ['orders-a', 'orders-b', 'orders-c'] as const;
const ARGS = ['--repl-diskless-sync-delay', '0', '--min-replicas-max-lag', '10'];

/** The servers of one group: its master and its replica, until a failover. */
interface Group {
  readonly name: string;
  readonly servers: readonly [RedisServer, RedisServer];
}

describe('Masters behind Sentinels', function () {
  this.timeout(2 * FAILOVER_MS);
  const locks = useLocks();
  let groups: readonly Group[] = [];
  let sentinels: readonly SentinelServer[] = [];
  let warnings: string[] = [];

  before('three groups and three Sentinels', async () => {
    groups = await Promise.all(GROUPS.map(startGroup));
    const watched = groups.map(({ name, servers }) => ({ name, port: servers[0].port, quorum: 2 }));
    sentinels = await Promise.all([0, 1, 2].map(() => SentinelServer.start(watched)));
    await until(everySentinelKnowsAll, 'the Sentinels know each other and the replicas', FAILOVER_MS);
  });
  beforeEach(() => (warnings = []));
  afterEach('Sentinels without faults', async () => {
    await Promise.all(sentinels.map((sentinel) => sentinel.resume()));
    await Promise.all(sentinels.map((sentinel) => sentinel.start()));
  });
  after('stop them', async () => {
    await Promise.all(sentinels.map((sentinel) => sentinel.stop()));
    await Promise.all(groups.flatMap(({ servers }) => servers).map((server) => server.stop()));
  });

  async function startGroup(name: string): Promise<Group> {
    const [master, replica] = await Promise.all([RedisServer.start({ args: ARGS }), RedisServer.start({ args: ARGS })]);
    await replica.command('REPLICAOF', '127.0.0.1', master.port);
    await until(
      async () => String(await replica.command('INFO', 'replication')).includes('master_link_status:up'),
      'the replica follows its master',
      FAILOVER_MS,
    );
    return { name, servers: [master, replica] };
  }

  async function everySentinelKnowsAll(): Promise<boolean> {
    const asked = sentinels.flatMap((sentinel) => GROUPS.map((name) => sentinel.command('SENTINEL', 'MASTER', name)));
    return (await Promise.all(asked)).every((state) => {
      const fields = state as string[];
      const of = (field: string): string | undefined => fields[fields.indexOf(field) + 1];
      return of('num-slaves') === '1' && of('num-other-sentinels') === '2';
    });
  }

  const serversOf = (group: number): Group['servers'] =>
    groups[group]?.servers ?? expect.fail('there is no such group');
  const sentinelAt = (index: number): SentinelServer => sentinels[index] ?? expect.fail('there is no such Sentinel');
  const addresses = (): readonly string[] => sentinels.map(({ port }) => `127.0.0.1:${port}`);
  const references = (): References => loggedInto(warnings);
  const create = (connections: readonly object[] | Record<string, object>, options: object = {}): RedisLock =>
    locks.create({ connections, options: { restart_guard: TTL, ...options } }, references());
  const open = async (options: object = {}): Promise<RedisLock> => {
    const lock = create(
      GROUPS.map((name) => ({ sentinels: addresses(), master_name: name })),
      options,
    );
    await lock.open('123');
    return lock;
  };
  const isReady = (lock: RedisLock, index: number): boolean => lock.getStatus().masters[index]?.state === 'ready';

  it('are found, locked on all, and named by their group', async () => {
    const lock = await open();
    await lock.acquireLock('123', 'key', TTL);
    for (const { servers } of groups) {
      await until(async () => (await servers[0].command('EXISTS', 'key')) === 1, 'it stands on the master of each');
    }
    expect(lock.getStatus().masters.map(({ address }) => address)).to.deep.equal(
      GROUPS.map((name) => `${name}@${addresses().join(',')}`),
    );
    expect(warnings.filter((warning) => warning.includes('set min-replicas-to-write'))).to.have.length(3);
  });

  it('need no warning where they refuse writes without a replica', async () => {
    for (const { servers } of groups) await servers[0].command('CONFIG', 'SET', 'min-replicas-to-write', 1);
    const lock = await open();
    await lock.acquireLock('123', 'key', TTL);
    for (const { servers } of groups) await servers[0].command('CONFIG', 'SET', 'min-replicas-to-write', 0);

    expect(warnings).to.deep.equal([]);
  });

  it('fail over under a held lock and under load: nothing is lost but the vote of the group, for a while', async () => {
    const lock = await open();
    const lease = await lock.acquireLease('123', 'held', TTL, { autoRenew: true });
    const failures: unknown[] = [];
    let [served, isOver] = [0, false];
    const load = (async (): Promise<void> => {
      for (let turn = 0; !isOver; turn += 1) {
        try {
          await lock.acquireLock('123', `load-${turn}`, TTL);
          await lock.releaseLock('123', `load-${turn}`);
          served += 1;
        } catch (error) {
          failures.push(error);
        }
      }
    })();
    const [master, replica] = serversOf(0);
    await master.kill();
    await until(() => !isReady(lock, 0), 'its master is missed', FAILOVER_MS);
    // It may have forgotten.
    const isQuarantined = (): boolean => lock.getStatus().masters[0]?.state === 'quarantined';
    await until(isQuarantined, 'its replica has taken its place', FAILOVER_MS);
    const servedBefore = served;
    await until(() => isReady(lock, 0), 'it has its vote back', FAILOVER_MS);
    await until(() => served > servedBefore, 'calls were served all the time', FAILOVER_MS);
    isOver = true;
    await load;

    expect(failures).to.deep.equal([]);
    expect(lease.isValid()).to.equal(true);
    expect((await lease.release()).kind).to.equal('released');
    for (const server of [replica, serversOf(1)[0], serversOf(2)[0]]) {
      await until(async () => (await server.command('EXISTS', 'held')) === 0, 'nothing of the lease is left');
    }
  });

  it('are found while one Sentinel is dead and another one hangs', async () => {
    await sentinelAt(0).kill();
    await sentinelAt(1).pause();
    const lock = await open();

    expect(await lock.tryAcquireLock('123', 'key', TTL)).to.equal(true);
    await until(() => [0, 1, 2].every((index) => isReady(lock, index)), 'all have a vote');
  });

  it('go on while no Sentinel answers, and close at once while all hang', async () => {
    const lock = await open();
    await Promise.all(sentinels.map((sentinel) => sentinel.pause()));
    expect(await lock.tryAcquireLock('123', 'key', TTL)).to.equal(true);
    await serversOf(2)[0].command('CLIENT', 'KILL', 'TYPE', 'NORMAL');
    await until(() => !isReady(lock, 2), 'one is missed, and nobody says where it is');
    expect(await lock.tryAcquireLock('123', 'other', TTL)).to.equal(true);
    await lock.close('123');

    expect(lock.isOpen()).to.equal(false);
  });

  it('are refused at once where no Sentinel knows their name', async () => {
    const unknown = { sentinels: addresses(), master_name: 'orders-x' };
    const lock = create([unknown], { connect_timeout: 600_000 });
    const { message } = await thrownBy(lock.open('123'), ConnectionException, 'NO_QUORUM');

    expect(message).to.include('unknown-master (no Sentinel knows a master of that name: correct master_name)');
  });

  it('are refused at once where what stands for their Sentinels is a master, with the line to write', async () => {
    const [{ port }] = serversOf(2);
    const group = { sentinels: [`127.0.0.1:${port}`], master_name: GROUPS[0] };
    const lock = create([group], { connect_timeout: 600_000 });
    const { message } = await thrownBy(lock.open('123'), ConnectionException, 'NO_QUORUM');

    expect(message).to.include(
      `no-sentinel (127.0.0.1:${port} is no Sentinel: where it is a master, ` +
        `write host: 127.0.0.1, port: ${port} in place of sentinels and master_name)`,
    );
  });

  it('are refused as two where their Sentinels name one', async () => {
    const [first = '', ...others] = addresses();
    const lock = create([
      { sentinels: [first], master_name: GROUPS[0] },
      { sentinels: others, master_name: GROUPS[0] },
      { sentinels: [first], master_name: GROUPS[1] },
    ]);
    await thrownBy(lock.open('123'), ConfigException, 'DUPLICATE_MASTER');
  });

  it('are unknown where no Sentinel answers, and each Sentinel is named with its reason', async () => {
    await sentinelAt(0).kill();
    await sentinelAt(1).pause();
    const connection = { sentinels: addresses().slice(0, 2), master_name: GROUPS[0] };
    const lock = create([connection], { node_timeout: 200, connect_timeout: 1000 });
    const { message } = await thrownBy(lock.open('123'), ConnectionException, 'NO_QUORUM');

    expect(message)
      .to.match(/Sentinel 127\.0\.0\.1:\d+: connect ECONNREFUSED/)
      .and.to.match(/Sentinel 127\.0\.0\.1:\d+: no answer within 200 ms/);
  });

  it('are left where they do not know themselves that another one is named', async () => {
    const lock = await open();
    const [former] = serversOf(1);
    const other = await RedisServer.start();
    try {
      // As for one that was cut off from the Sentinels: it says that it is a master.
      for (const sentinel of sentinels) {
        await sentinel.command('SENTINEL', 'REMOVE', GROUPS[1]);
        await sentinel.command('SENTINEL', 'MONITOR', GROUPS[1], '127.0.0.1', other.port, 2);
      }
      await until(
        async () => String(await other.command('INFO', 'commandstats')).includes('cmdstat_evalsha'),
        'the one that is named now is asked',
        FAILOVER_MS,
      );
      await until(() => isReady(lock, 1), 'it has taken the place of the former one');
      expect(await lock.tryAcquireLock('123', 'after', TTL)).to.equal(true);
      expect(await former.command('EXISTS', 'after')).to.equal(0);
    } finally {
      await lock.close('123');
      await other.stop();
    }
  });
});

import { expect } from 'chai';
import { ConfigException, ConnectionException } from 'pip-services4-commons-node';
import { ConfigParams, Descriptor, References } from '../../../lib';
import { MasterConnection } from '../../support/MasterConnection';
import { RedisServer } from '../../support/RedisServer';
import { until } from '../../support/until';
import { addressesOf, standsOnAll, thrownBy, useLocks, valuesOn } from './locks';

const LONG = 60_000;
/** A connect_timeout for an open that fails: long enough for masters to have said why. */
const ANSWERED_MS = 2000;

describe("A lock's connections", () => {
  const locks = useLocks();
  let servers: readonly RedisServer[] = [];
  let [first, folder] = [{ host: '', port: 0 }, ''];

  before(async () => {
    servers = await Promise.all([0, 1, 2].map(() => RedisServer.start({ args: ['--unixsocket', 'redis.sock'] })));
    first = { host: '127.0.0.1', port: servers[0]?.port ?? 0 };
    folder = ((await servers[0]?.command('CONFIG', 'GET', 'dir')) as string[])[1] ?? '';
  });
  afterEach(async () => {
    await Promise.all(servers.map((server) => server.command('FLUSHALL')));
  });
  after(async () => {
    await Promise.all(servers.map((server) => server.stop()));
  });

  /** In which of the first databases of the first server the key stands. */
  const databasesOf = async (key: string): Promise<readonly number[]> => {
    const client = new MasterConnection(first);
    const found: number[] = [];
    for (const db of [0, 1, 2, 3]) {
      await client.call('SELECT', db);
      if ((await client.call('EXISTS', key)) === 1) found.push(db);
    }
    client.close();
    return found;
  };

  it('are found however the configuration writes them', async () => {
    const [a, b, c] = addressesOf(servers);
    const configs: readonly (readonly [config: object, quorum: number])[] = [
      [{ connection: a }, 1],
      [ConfigParams.fromTuples('connection.ip', a?.host, 'connection.port', a?.port), 1],
      [{ connections: { x: a, y: b, z: c } }, 2],
      [{ connections: servers.map(({ uri }) => ({ uri })) }, 2],
      [ConfigParams.fromString(`connections.0.uri=${servers[0]?.uri};connections.1.uri=${servers[1]?.uri}`), 2],
    ];
    for (const [config, quorum] of configs) {
      // The sets share masters here: the restart guard would take that for a loss of memory.
      const lock = await locks.open({ ...config, 'options.restart_guard': 0 });
      expect(lock.getStatus().quorum).to.equal(quorum);
      expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(true);
      await lock.close('123');
    }
  });

  it('are to the database that they name', async () => {
    for (const [db, config] of [
      [3, { ...first, db: 3 }],
      [2, { uri: `redis://127.0.0.1:${first.port}/2` }],
      [1, { uri: `unix://${folder}/redis.sock?db=1` }],
      [0, first],
    ] as const) {
      const lock = await locks.open({ connection: config });
      await lock.acquireLock('123', `key ${db}`, LONG);
      expect(await databasesOf(`key ${db}`)).to.deep.equal([db]);
      await lock.releaseLock('123', `key ${db}`);
      expect(await databasesOf(`key ${db}`)).to.deep.equal([]);
    }
  });

  it('are to that database also after a reconnection', async () => {
    const lock = await locks.open({ connection: { ...first, db: 3 } });
    await servers[0]?.command('CLIENT', 'KILL', 'TYPE', 'normal');
    await until(() => lock.tryAcquireLock('123', 'key', LONG), 'it is connected again');
    expect(await databasesOf('key')).to.deep.equal([3]);
  });

  it('are refused where there is no such database, rather than to database 0', async () => {
    const lock = locks.create({ connection: { ...first, db: 99 }, options: { connect_timeout: ANSWERED_MS } });
    const thrown = await thrownBy(lock.open('123'), ConnectionException, 'NO_QUORUM');
    expect(thrown.message).to.include(`127.0.0.1:${first.port}: `).and.include('DB index is out of range');
  });

  it('have no vote where there is no such database, on a minority', async () => {
    const lock = await locks.open({ connections: [{ ...first, db: 99 }, ...addressesOf(servers.slice(1))] });
    await lock.acquireLock('123', 'key', LONG);
    await until(async () => !(await valuesOn(servers.slice(1), 'key')).includes(null), 'it stands on the others');

    expect(await databasesOf('key')).to.deep.equal([]);
    expect(lock.getStatus().masters[0]).to.include({ state: 'away' });
    expect(lock.getStatus().masters[0]?.lastError).to.include('DB index is out of range');
  });

  it('go over a unix socket, which is their address', async () => {
    const lock = await locks.open({ connection: { uri: `unix://${folder}/redis.sock` } });
    expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(true);
    expect(lock.getStatus().masters[0]).to.include({ address: `${folder}/redis.sock`, state: 'ready' });

    const nowhere = locks.create({ uri: `unix://${folder}/none.sock`, options: { connect_timeout: ANSWERED_MS } });
    const thrown = await thrownBy(nowhere.open('123'), ConnectionException, 'NO_QUORUM');
    expect(thrown.message).to.include(`${folder}/none.sock: unreachable (`).and.include('ENOENT');
  });

  it('are no two to one endpoint', async () => {
    for (const twins of [
      [first, first],
      [first, { uri: `redis://127.0.0.1:${first.port}/5` }],
      [{ uri: `unix://${folder}/redis.sock` }, { uri: `unix://${folder}/redis.sock?db=1` }],
    ]) {
      const lock = locks.create({ connections: [...twins, ...addressesOf(servers.slice(1))] });
      const thrown = await thrownBy(lock.open('123'), ConfigException, 'DUPLICATE_MASTER');
      expect(thrown.details.getAsString('connections')).to.equal('0, 1');
    }
  });

  it('are as many as discovery finds behind a key', async () => {
    const found = addressesOf(servers).map((address) => ConfigParams.fromValue(address));
    const discovery = { resolveAll: async (_: unknown, key: string) => (key === 'masters' ? found : []) };
    const references = References.fromTuples(new Descriptor('app', 'discovery', 'x', 'y', '1.0'), discovery);
    const lock = await locks.open({ connection: { discovery_key: 'masters' } }, references);
    await lock.acquireLock('123', 'key', LONG);

    expect(lock.getStatus().quorum).to.equal(2);
    await until(() => standsOnAll(servers, 'key'), 'it stands on each master');
    const unknown = locks.create({ connection: { discovery_key: 'nobody' } }, references);
    await thrownBy(unknown.open('123'), ConfigException, 'BAD_CONNECTION');
  });

  it('are asked of discovery anew at each open', async () => {
    let asked = 0;
    const resolveAll = async (): Promise<readonly object[]> => {
      const { host, port } = servers[asked++] ?? first;
      return [ConfigParams.fromTuples('host', host, 'port', port)];
    };
    const references = References.fromTuples(new Descriptor('app', 'discovery', 'x', 'y', '1.0'), { resolveAll });
    const lock = locks.create({ discovery_key: 'masters' }, references);
    for (const { port } of servers) {
      await lock.open('123');
      expect(lock.getStatus().masters.map(({ address }) => address)).to.deep.equal([`127.0.0.1:${port}`]);
      await lock.close('123');
    }
  });
});

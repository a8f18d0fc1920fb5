import { expect } from 'chai';
import { inspect } from 'node:util';
import { ConnectionException } from 'pip-services4-commons-node';
import { ConfigParams, Descriptor, References, type IReferences, type RedisLock } from '../../../lib';
import { MasterConnection } from '../../support/MasterConnection';
import { RedisServer } from '../../support/RedisServer';
import { thrownBy, UNHURRIED, useLocks } from './locks';

const LONG = 60_000;
/** A connect_timeout for an open that fails: long enough for masters to have said why. */
const ANSWERED_MS = 2000;
const PASSWORD = 'hunter2 /?#%@:"';
const APP_PASSWORD = 'app-hunter2';

describe("A lock's logins", () => {
  const locks = useLocks();
  let servers: readonly RedisServer[] = [];

  before(async () => {
    // The user `app` may do all that a lock needs, `guest` nothing but say hello.
    const app = ['--user', 'app', 'on', `>${APP_PASSWORD}`, '~*', '&*', '+@all'];
    const guest = ['--user', 'guest', 'on', `>${APP_PASSWORD}`, '~*', '+ping', '+hello', '+info', '+select', '+auth'];
    servers = await Promise.all(
      [0, 1, 2].map(() => RedisServer.start({ args: ['--requirepass', PASSWORD, ...app, ...guest] })),
    );
  });
  afterEach(async () => {
    await Promise.all(servers.map((server) => server.command('FLUSHALL')));
  });
  after(async () => {
    await Promise.all(servers.map((server) => server.stop()));
  });

  /** An open lock whose masters may take their time, on a machine that stalls. */
  const open = (config: object, references?: IReferences): Promise<RedisLock> =>
    locks.open({ ...config, options: UNHURRIED }, references);
  /** Connections under the names `m0`, `m1` and `m2`. */
  const connections = (more: (index: number) => object = () => ({})): Record<string, object> =>
    Object.fromEntries(servers.map(({ host, port }, index) => [`m${index}`, { host, port, ...more(index) }]));
  /** The names of those who are logged in and not asking. */
  const usersOn = async (server: RedisServer | undefined): Promise<readonly string[]> => {
    const lines = String(await server?.command('CLIENT', 'LIST'))
      .trim()
      .split('\n');
    const others = lines.filter((line) => !line.includes('cmd=client'));
    return others.map((line) => / user=(\S+)/.exec(line)?.[1] ?? '');
  };
  const wrong = (count: number): object =>
    connections((index) => ({ password: index < count ? 'bad-guess' : PASSWORD }));

  it('are one password for every master', async () => {
    const lock = await open({ connections: connections(), credential: { password: PASSWORD } });
    expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(true);
    expect(lock.getStatus().masters.map(({ state }) => state)).to.deep.equal(['ready', 'ready', 'ready']);
    expect(await usersOn(servers[0])).to.deep.equal(['default']);
  });

  it('are a user and its password', async () => {
    const lock = await open({
      connections: connections(),
      credential: { username: 'app', password: APP_PASSWORD },
    });
    expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(true);
    for (const server of servers) expect(await usersOn(server)).to.deep.equal(['app']);
  });

  it('are one credential for each master, by name', async () => {
    const credentials = {
      m2: { username: 'app', password: APP_PASSWORD },
      m1: { password: PASSWORD },
      m0: { username: 'default', password: PASSWORD },
    };
    await open({ connections: connections(), credentials });
    expect(await Promise.all(servers.map(usersOn))).to.deep.equal([['default'], ['default'], ['app']]);
  });

  it('come from a credential store', async () => {
    const store = { lookup: async () => ConfigParams.fromTuples('username', 'app', 'password', APP_PASSWORD) };
    const references = References.fromTuples(new Descriptor('app', 'credential-store', 'x', 'y', '1.0'), store);
    await open({ connections: connections(), credential: { store_key: 'redis' } }, references);
    for (const server of servers) expect(await usersOn(server)).to.deep.equal(['app']);
  });

  it('stand in a uri, with the database that the lock is in', async () => {
    const [server] = servers;
    const uris = [`redis://app:${APP_PASSWORD}@127.0.0.1:${server?.port}/3`];
    uris.push(`redis://:${encodeURIComponent(PASSWORD)}@127.0.0.1:${server?.port}/3`);
    for (const uri of uris) {
      const lock = await open({ uri });
      await lock.acquireLock('123', 'key', LONG);
      const client = new MasterConnection({ host: '127.0.0.1', port: server?.port ?? 0, password: PASSWORD });
      expect(await client.call('EXISTS', 'key')).to.equal(0);
      await client.call('SELECT', 3);
      expect(await client.call('EXISTS', 'key')).to.equal(1);
      client.close();
      await lock.close('123');
    }
  });

  it('may be wrong on a minority, which has no vote and says why', async () => {
    const lock = await open({ connections: wrong(1) });
    expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(true);
    const [refused, ...others] = lock.getStatus().masters;

    expect(refused)
      .to.include({ state: 'away' })
      .with.property('lastError')
      .that.matches(/^wrong-password: /);
    expect(others.map(({ state, lastError }) => [state, lastError])).to.deep.equal(Array(2).fill(['ready', null]));
    expect(inspect(lock.getStatus())).not.to.include('bad-guess');
  });

  const causes: readonly (readonly [title: string, cause: string, config: () => object])[] = [
    ['a wrong password', 'wrong-password', () => ({ connections: wrong(2) })],
    ['no password', 'no-password', () => ({ connections: connections() })],
    [
      'a user without the rights',
      'no-permission',
      () => ({ connections: connections(), credential: { username: 'guest', password: APP_PASSWORD } }),
    ],
    [
      'an unknown user',
      'wrong-password',
      () => ({ connections: connections(), credential: { username: 'nobody', password: APP_PASSWORD } }),
    ],
  ];
  for (const [title, cause, config] of causes) {
    it(`are the cause of NO_QUORUM: ${title}`, async () => {
      const lock = locks.create({ ...config(), options: { connect_timeout: ANSWERED_MS } });
      const thrown = await thrownBy(lock.open('123'), ConnectionException, 'NO_QUORUM');

      const said = thrown.details.getAsString('masters');
      for (const { port } of servers.slice(0, 2)) expect(said).to.include(`127.0.0.1:${port}: ${cause} (`);
      const shown = inspect(thrown, { depth: 20, showHidden: true }) + JSON.stringify(thrown) + thrown.message;
      expect(shown).not.to.include('bad-guess').and.not.to.include('hunter2');
    });
  }
});

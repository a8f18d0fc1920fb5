import { createServer, type AddressInfo, type Server } from 'node:net';
import { expect } from 'chai';
import { ConfigException, ConnectionException } from 'pip-services4-commons-node';
import type { References, RedisLock } from '../../../lib';
import { addressesOf, thrownBy, useLocks, loggedInto } from '../../integration/lock/locks';
import { RedisServer } from '../../support/RedisServer';
import { SentinelServer } from '../../support/SentinelServer';
import { until } from '../../support/until';

const LONG = 60_000;

describe('What is no master', () => {
  const locks = useLocks();
  const servers: RedisServer[] = [];
  const listeners: Server[] = [];
  let warnings: string[] = [];
  afterEach(async () => {
    warnings = [];
    await Promise.all(servers.splice(0).map((server) => server.stop()));
    await Promise.all(listeners.splice(0).map((one) => new Promise((resolve) => one.close(resolve))));
  });

  async function start(...args: readonly string[]): Promise<RedisServer> {
    const server = await RedisServer.start({ args });
    servers.push(server);
    return server;
  }

  /** Says something that is not Redis's protocol to whoever writes to it. */
  async function speak(words: string): Promise<number> {
    const listener = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end(words));
    });
    listeners.push(listener);
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    return (listener.address() as AddressInfo).port;
  }

  const references = (): References => loggedInto(warnings);
  /** With a wait that no test would outlast: whatever cannot be mended is decided at once. */
  const create = (ports: readonly { readonly port: number }[], more: object = {}): RedisLock =>
    locks.create({ connections: addressesOf(ports), options: { connect_timeout: 600_000 }, ...more }, references());

  it('is named at once: a shard of a cluster', async () => {
    const shard = await start('--cluster-enabled', 'yes');
    await shard.command('CLUSTER', 'ADDSLOTSRANGE', 0, 5000);
    const { message } = await thrownBy(create([shard]).open('123'), ConfigException, 'NOT_A_MASTER');

    expect(message).to.include('it serves 5001 of 16384 slots, and a master has to serve all keys');
  });

  it('is not a cluster node that serves all keys, and that is warned of', async () => {
    const node = await start('--cluster-enabled', 'yes');
    await node.command('CLUSTER', 'ADDSLOTSRANGE', 0, 16383);
    await until(
      async () => String(await node.command('CLUSTER', 'INFO')).includes('cluster_state:ok'),
      'the cluster is up',
      10_000,
    );
    const lock = create([node]);
    await lock.open('123');

    expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(true);
    expect(warnings.filter((warning) => warning.includes('Redis Cluster'))).to.have.length(1);
  });

  for (const [what, words] of [
    ['a web server', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['a mail server', '220 mail ESMTP\r\n'],
  ] as const) {
    it(`is named at once: ${what}`, async () => {
      const port = await speak(words);
      const { message } = await thrownBy(create([{ port }]).open('123'), ConfigException, 'NOT_A_MASTER');

      expect(message).to.equal(`The connection to 127.0.0.1:${port} cannot be used: it does not speak Redis`);
    });
  }

  it('is named at once: a Sentinel', async () => {
    const sentinel = await SentinelServer.start([]);
    try {
      const { message } = await thrownBy(create([sentinel]).open('123'), ConfigException, 'NOT_A_MASTER');
      expect(message).to.include('it is a Sentinel, and no master: write sentinels and master_name');
    } finally {
      await sentinel.stop();
    }
  });

  it('is named at once: masters that all refuse the password', async () => {
    const three = await Promise.all([0, 1, 2].map(() => start('--requirepass', 'right')));
    const lock = create(three, { credential: { password: 'wrong' } });
    const error = await thrownBy(lock.open('123'), ConnectionException, 'NO_QUORUM');

    expect(error.message).to.include('0 of 3 masters could vote, and the quorum is 2');
    expect(error.details.getAsString('masters').match(/wrong-password/g)).to.have.length(3);
    expect(error.message).not.to.include("wrong'");
    expect(error).to.have.property('cause').that.is.an('error').with.property('kind', 'wrong-password');
  });

  it('is not a master without CLIENT: it serves, and one warning says what is lost', async () => {
    const without = await start('--rename-command', 'CLIENT', '');
    const lock = create([without]);
    await lock.open('123');

    expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(true);
    await lock.releaseLock('123', 'key');
    expect(warnings.filter((warning) => warning.includes('does not permit CLIENT ID'))).to.have.length(1);
  });

  it('is a master that refuses every write: its status says why, for as long as it does', async () => {
    const server = await start();
    const lock = create([server]);
    await lock.open('123');
    const lastError = (): string | null | undefined => lock.getStatus().masters[0]?.lastError;
    await server.command('CONFIG', 'SET', 'min-replicas-to-write', 1);
    await thrownBy(lock.tryAcquireLock('123', 'key', LONG), ConnectionException, 'NO_QUORUM');
    expect(lastError()).to.match(/^too-few-replicas: NOREPLICAS/);

    await server.command('CONFIG', 'SET', 'min-replicas-to-write', 0);
    expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(true);
    expect(lastError()).to.equal(null);
  });
});

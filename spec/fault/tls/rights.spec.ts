import { expect } from 'chai';
import { ConnectionException } from 'pip-services4-commons-node';
import { Descriptor, References, type RedisLock } from '../../../lib';
import { addressesOf, thrownBy, useLocks } from '../../integration/lock/locks';
import { RedisServer } from '../../support/RedisServer';
import { until } from '../../support/until';

const LONG = 60_000;
const PASSWORD = 'few-rights';
/** The only keys that there are: those of the locks, by their prefix, and the marker of the restart guard. */
const KEYS = ['~app:*', '~redlock:guard'];
/** What a lock asks of a master by itself, and within its scripts. */
const COMMANDS = [
  ...['info', 'client|id', 'client|kill', 'script|load', 'evalsha', 'eval'],
  ...['get', 'set', 'del', 'exists', 'type', 'pttl', 'time', 'hgetall', 'hmget', 'hset'],
].map((command) => `+${command}`);
const FEWEST = [...KEYS, ...COMMANDS];

describe("A lock's rights on its masters", function () {
  this.timeout(20_000);

  const locks = useLocks();
  let servers: readonly RedisServer[] = [];
  let warnings: string[] = [];

  before(async () => {
    servers = await Promise.all([0, 1, 2].map(() => RedisServer.start()));
  });
  afterEach(async () => {
    warnings = [];
    await Promise.all(servers.map((server) => server.command('ACL', 'DELUSER', 'app')));
    await Promise.all(servers.map((server) => server.command('FLUSHALL')));
    await Promise.all(servers.map((server) => server.command('SCRIPT', 'FLUSH')));
  });
  after(async () => {
    await Promise.all(servers.map((server) => server.stop()));
  });

  const permit = async (rules: readonly string[], where = servers): Promise<void> => {
    const line = ['reset', 'on', `>${PASSWORD}`, ...rules];
    await Promise.all(where.map((server) => server.command('ACL', 'SETUSER', 'app', ...line)));
  };
  const create = (password = PASSWORD): RedisLock => {
    const warn = (_context: unknown, message: string): void => void warnings.push(message);
    const logger = { log() {}, fatal() {}, error() {}, warn, info() {}, debug() {}, trace() {} };
    return locks.create(
      {
        connections: addressesOf(servers),
        credential: { username: 'app', password },
        options: { key_prefix: 'app:', connect_timeout: 150 },
      },
      References.fromTuples(new Descriptor('app', 'logger', 'x', 'y', '1.0'), logger),
    );
  };

  /** All that a lock does to a master in its life. */
  const live = async (): Promise<void> => {
    const [lock, other] = [create(), create()];
    await lock.open('123');
    await other.open('123');
    expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(true);
    expect(await other.tryAcquireLock('123', 'key', LONG)).to.equal(false);
    await lock.releaseLock('123', 'key');
    await Promise.all(servers.map((server) => server.command('SCRIPT', 'FLUSH')));
    expect(await other.tryAcquireLock('123', 'key', LONG)).to.equal(true);
    await other.releaseLock('123', 'key');
    const [first] = servers;
    await first?.command('FLUSHALL');
    await other.acquireLock('123', 'another key', LONG);
    await until(() => (other.getStatus().masters[0]?.quarantineMs ?? 0) > 0, 'a loss of memory is found out');
    await Promise.all(servers.map((server) => server.command('CLIENT', 'KILL', 'TYPE', 'normal')));
    await until(() => other.getStatus().masters.some(({ state }) => state === 'away'), 'the cut is noticed');
    await until(() => other.getStatus().masters.every(({ state }) => state === 'ready'), 'it has connected anew');
    await other.releaseLock('123', 'another key');
    const unwelcome = warnings.filter((message) => message.includes('permi'));
    if (unwelcome.length > 0) throw new Error(`no-permission: ${unwelcome.join('; ')}`);
  };

  it('are enough when they are the fewest', async () => {
    await permit(FEWEST);
    await live();
  });

  for (const right of FEWEST) {
    it(`are too few without ${right}`, async () => {
      await permit(FEWEST.filter((other) => other !== right));
      const thrown: unknown = await live().catch((error: unknown) => error);
      expect(thrown).to.be.instanceOf(Error).with.property('message').that.includes('no-permission');
    });
  }

  it('are each named as the cause of NO_QUORUM, beside a wrong password', async () => {
    await permit(['~app:*', ...COMMANDS], servers.slice(0, 1));
    await permit([...KEYS, ...COMMANDS.filter((command) => command !== '+info')], servers.slice(1, 2));
    await permit(FEWEST, servers.slice(2));
    await servers[2]?.command('ACL', 'SETUSER', 'app', 'resetpass', '>another');
    const { message } = await thrownBy(create().open('123'), ConnectionException, 'NO_QUORUM');
    const [first, second, third] = servers.map(({ port }) => `127.0.0.1:${port}`);

    expect(message).to.match(new RegExp(`${first}: no-permission \\(.*key`));
    expect(message).to.match(new RegExp(`${second}: no-permission \\(.*'info'`));
    expect(message).to.match(new RegExp(`${third}: wrong-password \\(`));
    expect(message).not.to.include(PASSWORD);
  });
});

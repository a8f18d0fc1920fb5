import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import { ConnectionException } from 'pip-services4-commons-node';
import type { RedisLock } from '../../../lib';
import { addressesOf, thrownBy, useLocks, loggedInto } from '../../integration/lock/locks';
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
/** Left out, it is warned of when it would be used, and the lock goes on. */
const DISPENSABLE = '+client|kill';
/** Left out, it is warned of at once. */
const NEVER_NEEDED = '+client|id';
/** Without the first one warning says what is lost; without the second nothing is. */
const DONE_WITHOUT = ['+info', '+script|load'];
const MARKERS_OWN = ['~redlock:guard', '+hgetall', '+hmget', '+hset', '+time'];

const without = (...rights: readonly string[]): readonly string[] => FEWEST.filter((each) => !rights.includes(each));
/** How a master says that a right is missing: in words of its own, or as an ACL writes it. */
const sayingOf = (right: string): string =>
  right.startsWith('~') ? right.replace('*', '\\*') : `['+]${right.slice(1).split('|')[0]}\\b`;

describe("A lock's rights on its masters", function () {
  this.timeout(300_000);

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
  const create = (options: object = {}, of = servers): RedisLock => {
    return locks.create(
      {
        connections: addressesOf(of),
        credential: { username: 'app', password: PASSWORD },
        // No test outlasts them: what cannot be mended by waiting is decided at once.
        options: { key_prefix: 'app:', connect_timeout: LONG, node_timeout: LONG / 2, ...options },
      },
      loggedInto(warnings),
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
    await until(
      () => other.getStatus().masters.every(({ state }) => state === 'ready' || state === 'quarantined'),
      'it has connected anew',
    );
    await other.releaseLock('123', 'another key');
    const unwelcome = warnings.filter((message) => message.includes('permi'));
    if (unwelcome.length > 0) throw new Error(`no-permission: ${unwelcome.join('; ')}`);
  };

  it('are enough when they are the fewest', async () => {
    await permit(FEWEST);
    await live();
  });

  for (const right of without(DISPENSABLE, NEVER_NEEDED, ...DONE_WITHOUT)) {
    it(`are too few without ${right}: open names it on every master`, async () => {
      await permit(without(right));
      const { details } = await thrownBy(create().open('123'), ConnectionException, 'NO_QUORUM');
      for (const { port } of servers) {
        expect(details.getAsString('masters')).to.match(
          new RegExp(`127\\.0\\.0\\.1:${port}: no-permission \\([^;]*${sayingOf(right)}`),
        );
      }
    });
  }

  for (const right of DONE_WITHOUT) {
    it(`are enough without ${right}`, async () => {
      await permit(without(right));
      const lock = create();
      await lock.open('123');
      expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(true);
    });
  }

  it(`are too few without ${DISPENSABLE}, which is warned of when it would be used`, async () => {
    await permit(without(DISPENSABLE));
    const thrown: unknown = await live().catch((error: unknown) => error);
    expect(thrown).to.be.instanceOf(Error).with.property('message').that.includes('CLIENT KILL');
  });

  it('are all named that are missing, and nothing else', async () => {
    await permit(without('~app:*', '+pttl', '+hset'));
    const { details } = await thrownBy(create({ notify: false }).open('123'), ConnectionException, 'NO_QUORUM');
    for (const { port } of servers) {
      expect(details.getAsString('masters')).to.include(
        `127.0.0.1:${port}: no-permission (the user lacks ~app:* +pttl +hset: ` +
          "ACL SETUSER app '~app:*' +pttl +hset)",
      );
    }
  });

  /** What is left of a line when what a user needs not be given is taken away. */
  const messageOf = async (options: object, db = 0): Promise<string> => {
    const [server] = servers;
    const connections = addressesOf([server ?? expect.fail('there is no server')]).map((each) => ({ ...each, db }));
    const credential = { username: 'app', password: PASSWORD };
    const lock = locks.create({ connections, credential, options: { key_prefix: 'app:', ...options } });
    return (await thrownBy(lock.open('123'), ConnectionException, 'NO_QUORUM')).message;
  };
  /** The rights of the line to paste, as a shell reads them: `&` is an operator of its own. */
  const lineIn = (message: string): readonly string[] => {
    const [, line = ''] = /: (ACL SETUSER .*?)(?:\)?$|\. Whether)/.exec(message) ?? [];
    const words = execFileSync('sh', ['-c', `printf '%s\\n' ${line}`], { encoding: 'utf8' });
    return words.trim().split('\n').slice(3);
  };

  it('are all in one line that can be pasted: those of the connection, of the scripts and of waiting', async () => {
    await permit(['+exists', '+hgetall', '+zrank', '+publish', '+select']);
    const message = await messageOf({});
    const rights = [
      ...['+evalsha', '+eval', '~app:*', '+get', '+set', '+del', '+type', '+pttl'],
      ...['~redlock:guard', '+hset', '+time'],
      ...['+info', '+client|id', '+client|kill', '+script|load', '~redlock:waiting:*', '+zpopmin', '+zadd', '+pexpire'],
      ...['&redlock:free:*', '+subscribe', '+unsubscribe'],
    ];
    expect(lineIn(message)).to.have.members(rights);
    expect(message).to.include('the user lacks +evalsha +eval ');
    expect(message).to.include(', and +client|id +client|kill +script|load ');
    expect(message).to.include('&redlock:free:* +subscribe +unsubscribe, which it can do without: ACL SETUSER app ');

    const [server] = servers;
    await server?.command('ACL', 'SETUSER', 'app', ...lineIn(message));
    const lock = create({}, servers.slice(0, 1));
    await lock.open('123');
    expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(true);
    expect(warnings).to.deep.equal([]);
  });

  for (const prefix of ['a*b:', 'app[1]:', 'my app:', "it's:", 'tenant "x":', `'$HOME"\\`, '$HOME&`;:']) {
    it(`are in a line that can be pasted with the prefix ${prefix}`, async () => {
      await permit(without('~app:*', '+pttl'));
      const options = { notify: false, key_prefix: prefix };
      await servers[0]?.command('ACL', 'SETUSER', 'app', ...lineIn(await messageOf(options)));
      const lock = create(options, servers.slice(0, 1));
      await lock.open('123');
      expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(true);
      const dryRun = await servers[0]?.command('ACL', 'DRYRUN', 'app', 'GET', 'axxb:secret');
      expect(dryRun).to.match(/has no permissions/);
    });
  }

  it('are in that line with the one to SELECT a database', async () => {
    await permit([...without('+get'), '-select']);
    expect(lineIn(await messageOf({ notify: false }, 3))).to.have.members(['+get', '+select']);
  });

  it('may be hidden behind others: of a user who may do nothing, the message says so', async () => {
    await permit([]);
    const message = await messageOf({ notify: false });
    expect(lineIn(message)).to.include('+get').and.not.to.include('~app:*');
    expect(message).to.include('. Whether it lacks ~app:* ~redlock:guard shows only with these commands');
    const [server] = servers;
    await server?.command('ACL', 'SETUSER', 'app', ...lineIn(message));
    expect(lineIn(await messageOf({ notify: false }))).to.have.members(['~app:*', '~redlock:guard']);
  });

  it('are named without any key of a lock that is not there, and nothing is written', async () => {
    await permit([...without('+set'), '+zadd', '+publish', '~redlock:waiting:*', '&redlock:free:*']);
    await messageOf({});
    expect(await servers[0]?.command('KEYS', '*')).to.deep.equal([]);
  });

  it('may be too few on a minority, which has no vote and says why until they are given', async () => {
    await permit(FEWEST);
    await permit(without('+set'), servers.slice(0, 1));
    const lock = create({ notify: false });
    await lock.open('123');
    expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(true);
    const said = 'the user lacks +set: ACL SETUSER app +set';
    const named = `no-permission (${said})`;
    expect(warnings).to.deep.equal([`Redis master 127.0.0.1:${servers[0]?.port} has no vote: ${named}`]);
    expect(lock.getStatus().masters.map(({ state }) => state)).to.deep.equal(['away', 'ready', 'ready']);
    expect(lock.getStatus().masters[0]?.lastError).to.equal(`no-permission: ${said}`);

    await permit(FEWEST, servers.slice(0, 1));
    await until(() => lock.getStatus().masters[0]?.state !== 'away', 'it has joined');
  });

  it("need not be the marker's where the guard is off", async () => {
    await permit(without(...MARKERS_OWN));
    const lock = create({ restart_guard: 0 });
    await lock.open('123');
    expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(true);
  });

  for (const right of ['+eval', '+evalsha']) {
    it(`are too few without ${right} where the guard is off as well, and the scripts are known`, async () => {
      await permit(FEWEST);
      await create({ restart_guard: 0 }).open('123');
      await permit(without(right));
      const thrown = await thrownBy(create({ restart_guard: 0 }).open('123'), ConnectionException, 'NO_QUORUM');
      expect(thrown.message).to.match(new RegExp(`: no-permission \\([^;]*${sayingOf(right)}`));
    });
  }

  it('need not prove an admission to the only master that there is', async () => {
    await permit(without('+hmget'));
    const lock = create({}, servers.slice(0, 1));
    await lock.open('123');
    expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(true);
  });

  it('may be those to some keys where no prefix tells which', async () => {
    const rights = [...without('~app:*'), '~orders/*'];
    await permit(rights);
    const lock = create({ key_prefix: '' });
    await lock.open('123');
    expect(await lock.tryAcquireLock('123', 'orders/17', LONG)).to.equal(true);
    const refused = lock.tryAcquireLock('123', 'bills/17', LONG);
    expect((await thrownBy(refused, ConnectionException, 'NO_QUORUM')).message).to.match(/: no-permission \(.*key/);

    await permit(rights.filter((right) => right !== '+set'));
    const { message } = await thrownBy(create({ key_prefix: '' }).open('123'), ConnectionException, 'NO_QUORUM');
    expect(message).to.include('no-permission (the user lacks +set, and +zrank ');
  });

  it('are looked at without changing anything', async () => {
    const [server] = servers;
    const changes = async (): Promise<string | undefined> =>
      /rdb_changes_since_last_save:\d+/.exec(String(await server?.command('INFO', 'persistence')))?.[0];
    await permit(FEWEST);
    const before = await changes();
    await create({ restart_guard: 0 }).open('123');
    expect(await changes())
      .to.equal(before)
      .and.not.to.equal(undefined);

    await create().open('123');
    // Its fields come in whatever order.
    const marker = async (): Promise<unknown[]> =>
      ((await server?.command('HGETALL', 'redlock:guard')) as unknown[]).sort();
    const admitted = await marker();
    await create().open('123');
    expect(await marker())
      .to.deep.equal(admitted)
      .and.not.to.deep.equal([]);
    expect(await server?.command('KEYS', '*')).to.deep.equal(['redlock:guard']);
  });

  it('are each named as the cause of NO_QUORUM, beside a wrong password', async () => {
    await permit(['~app:*', ...COMMANDS], servers.slice(0, 1));
    await permit([...KEYS, ...COMMANDS.filter((command) => command !== '+set')], servers.slice(1, 2));
    await permit(FEWEST, servers.slice(2));
    await servers[2]?.command('ACL', 'SETUSER', 'app', 'resetpass', '>another');
    const { message } = await thrownBy(create().open('123'), ConnectionException, 'NO_QUORUM');
    const [first, second, third] = servers.map(({ port }) => `127.0.0.1:${port}`);

    expect(message).to.include(`${first}: no-permission (the user lacks ~redlock:guard, and `);
    expect(message).to.match(new RegExp(`${second}: no-permission \\(the user lacks \\+set, and `));
    expect(message).to.match(new RegExp(`${third}: wrong-password \\(`));
    expect(message).not.to.include(PASSWORD);
  });
});

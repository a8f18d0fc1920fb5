import { expect } from 'chai';
import { ConnectionException } from 'pip-services4-commons-node';
import type { RedisLock } from '../../../lib';
import { thrownBy, useLocks, loggedInto } from '../../integration/lock/locks';
import { RedisServer } from '../../support/RedisServer';
import { TcpProxy } from '../../support/TcpProxy';
import { TcpSwitch } from '../../support/TcpSwitch';
import { until } from '../../support/until';

const LONG = 60_000;
const NODE_TIMEOUT_MS = 1200;
/** One that is so slow is given all of the time for its answer, also after it was idle. */
const DELAY_MS = 60;
const PASSWORD = 'held-back';

describe('An acquire that the network holds back', () => {
  const locks = useLocks();
  let server: RedisServer;
  let proxy: TcpProxy;
  let tcpSwitch: TcpSwitch;
  let warnings: string[] = [];

  before(async () => {
    const user = (name: string, ...rules: readonly string[]): readonly string[] =>
      ['--user', name, 'on', `>${PASSWORD}`, '~*', '+@all', ...rules] as const;
    server = await RedisServer.start({ args: [...user('full'), ...user('few', '-client|kill')] });
    proxy = await TcpProxy.start(server.port);
    tcpSwitch = await TcpSwitch.start(proxy.port);
  });
  beforeEach(async () => {
    warnings = [];
    proxy.delay(DELAY_MS);
    tcpSwitch.turnTo(proxy.port);
    await server.command('FLUSHALL');
  });
  after(async () => {
    await tcpSwitch.close();
    await proxy.close();
    await server.stop();
  });

  const open = (username: string): Promise<RedisLock> => {
    return locks.open(
      {
        connection: { host: '127.0.0.1', port: tcpSwitch.port },
        credential: { username, password: PASSWORD },
        options: { node_timeout: NODE_TIMEOUT_MS, connect_timeout: LONG },
      },
      loggedInto(warnings),
    );
  };
  const isReady = (lock: RedisLock): boolean => lock.getStatus().masters[0]?.state === 'ready';
  const idsOf = async (username: string): Promise<readonly string[]> => {
    const lines = String(await server.command('CLIENT', 'LIST')).split('\n');
    return lines.filter((line) => line.includes(`user=${username} `)).map((line) => /^id=(\d+)/.exec(line)?.[1] ?? '');
  };
  /** The bytes of an acquire stay on their way, and the lock connects anew by another way. */
  const reconnectPastAcquire = async (lock: RedisLock): Promise<void> => {
    proxy.hold('up');
    const attempt = thrownBy(lock.tryAcquireLock('123', 'key', LONG), ConnectionException, 'NO_QUORUM');
    tcpSwitch.turnTo(server.port);
    expect((await attempt).message).to.include(`: silent (no answer within ${NODE_TIMEOUT_MS} ms)`);
    await until(() => isReady(lock), 'the lock has connected anew');
  };
  /** Its bytes arrive. */
  const deliver = async (username: string, formerIds: readonly string[]): Promise<void> => {
    proxy.pass();
    await until(
      async () => !(await idsOf(username)).some((id) => formerIds.includes(id)),
      'the former connection has come to its end on the master',
    );
  };
  const warnedOf = (): readonly string[] => warnings.filter((message) => message.includes('CLIENT KILL'));

  it('never arrives once the lock has connected anew', async () => {
    const lock = await open('full');
    await until(async () => (await idsOf('full')).length === 1, 'it has one connection');
    const formerIds = await idsOf('full');
    await reconnectPastAcquire(lock);
    await deliver('full', formerIds);

    expect(await server.command('EXISTS', 'key')).to.equal(0);
    expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(true);
    expect(warnedOf()).to.deep.equal([]);
  });

  it('may arrive where CLIENT KILL is not permitted, of which a warning is given once', async () => {
    const lock = await open('few');
    expect(warnedOf()).to.deep.equal([]);
    const formerIds = await idsOf('few');
    await reconnectPastAcquire(lock);
    expect(warnedOf()).to.deep.equal([
      `Redis master 127.0.0.1:${tcpSwitch.port} does not permit CLIENT KILL: ` +
        'an acquire that the network holds back may take effect after it was given up',
    ]);
    await deliver('few', formerIds);
    expect(await server.command('EXISTS', 'key')).to.equal(1);

    tcpSwitch.cut();
    await until(() => !isReady(lock), 'the cut is noticed');
    await until(() => isReady(lock), 'the lock has connected anew');
    expect(warnedOf()).to.have.length(1);
  });
});

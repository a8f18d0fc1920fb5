import { expect } from 'chai';
import { ConflictException } from 'pip-services4-commons-node';
import type { RedisLock } from '../../../lib';
import { addressesOf, thrownBy, useLocks, loggedInto } from '../../integration/lock/locks';
import {
  acquireEverywhere,
  begun,
  channelsOn,
  LONG,
  NO_POLLING,
  soon,
  untilWaiting,
} from '../../integration/wait/waiting';
import { RedisServer } from '../../support/RedisServer';
import { until } from '../../support/until';

const PASSWORD = 'no-messages';
const ALL = ['~*', '&*', '+@all'];

describe('Whoever waits for a lock', () => {
  const locks = useLocks();
  let servers: readonly RedisServer[] = [];
  let warnings: string[] = [];

  before(async () => {
    servers = await Promise.all([0, 1, 2].map(() => RedisServer.start()));
  });
  beforeEach(() => {
    warnings = [];
  });
  afterEach(async () => {
    await Promise.all(servers.map((server) => server.command('ACL', 'DELUSER', 'app')));
    await Promise.all(servers.map((server) => server.command('FLUSHALL')));
  });
  after(async () => {
    await Promise.all(servers.map((server) => server.stop()));
  });

  const permit = async (rules: readonly string[], where = servers): Promise<void> => {
    const line = ['reset', 'on', `>${PASSWORD}`, ...rules];
    await Promise.all(where.map((server) => server.command('ACL', 'SETUSER', 'app', ...line)));
  };
  const open = (options: object = { retry_timeout: 15 }): Promise<RedisLock> => {
    return locks.open(
      { connections: addressesOf(servers), credential: { username: 'app', password: PASSWORD }, options },
      loggedInto(warnings),
    );
  };
  /** Is waited for, released, and had, several times. */
  const handOver = async (): Promise<void> => {
    const [holder, waiter] = [await open(), await open()];
    for (let times = 0; times < 3; times += 1) {
      await holder.acquireLock('123', 'key', LONG, LONG);
      const acquired = begun(waiter.acquireLock('123', 'key', LONG, LONG));
      // It has been refused: masters answer in order.
      await waiter.acquireLock('123', 'another key', LONG);
      await waiter.releaseLock('123', 'another key');
      await holder.releaseLock('123', 'key');
      await soon(acquired, 'it polls');
      await waiter.releaseLock('123', 'key');
    }
  };

  for (const [title, rules] of [
    ['SUBSCRIBE', [...ALL, '-subscribe']],
    ['the channels', ['~*', 'resetchannels', '+@all']],
  ] as const) {
    it(`polls where the masters do not permit ${title}, and each is warned of once`, async () => {
      await permit(rules);
      await handOver();

      const expected = servers.map(
        ({ port }) => `Redis master 127.0.0.1:${port} does not permit SUBSCRIBE: whoever waits for a lock polls`,
      );
      expect(warnings).to.have.members(expected);
      expect((await Promise.all(servers.map(channelsOn))).flat()).to.eql([]);
    });
  }

  for (const command of ['publish', 'zadd', 'zpopmin']) {
    it(`polls where the masters do not permit ${command.toUpperCase()}, and the lock works`, async () => {
      await permit([...ALL, `-${command}`]);
      await handOver();
      const [holder, waiter] = [await open(), await open()];
      await holder.acquireLock('123', 'held', LONG);
      await thrownBy(waiter.acquireLock('123', 'held', LONG, 60), ConflictException, 'LOCK_TIMEOUT');
    });
  }

  it('is woken by the others where one master does not permit SUBSCRIBE', async () => {
    await permit(ALL);
    await permit([...ALL, '-subscribe'], servers.slice(0, 1));
    const [holder, waiter] = [await open(), await open(NO_POLLING)];
    await acquireEverywhere(holder, servers);
    const acquired = begun(waiter.acquireLock('123', 'key', LONG, LONG));
    await untilWaiting(servers.slice(1), 'key');
    await until(() => warnings.length === 1, 'it is warned of');
    await holder.releaseLock('123', 'key');

    await soon(acquired, 'it is woken');
  });
});

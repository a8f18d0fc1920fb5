import { expect } from 'chai';
import { ConflictException } from 'pip-services4-commons-node';
import type { RedisLock } from '../../../lib';
import { addressesOf, setForeignLock, thrownBy, useLocks } from '../../integration/lock/locks';
import { LONG } from '../../integration/wait/waiting';
import { RedisServer } from '../../support/RedisServer';

const PASSWORD = 'no-lines';

describe('A master on which a line cannot be kept', () => {
  const locks = useLocks();
  let server: RedisServer;

  before(async () => {
    server = await RedisServer.start();
  });
  afterEach(async () => {
    await server.command('ACL', 'DELUSER', 'app');
    await server.command('FLUSHALL');
  });
  after(() => server.stop());

  for (const command of ['zrank', 'pexpire']) {
    it(`refuses whoever waits as it would without a line: it does not permit ${command.toUpperCase()}`, async () => {
      const rules = ['reset', 'on', `>${PASSWORD}`, '~*', '&*', '+@all', `-${command}`];
      await server.command('ACL', 'SETUSER', 'app', ...rules);
      await setForeignLock(server, 'key');
      const credential = { username: 'app', password: PASSWORD };
      const lock: RedisLock = await locks.open({
        connections: addressesOf([server]),
        credential,
        options: { retry_timeout: 15 },
      });
      await thrownBy(lock.acquireLock('123', 'key', LONG, 60), ConflictException, 'LOCK_TIMEOUT');

      expect(await server.command('PTTL', 'redlock:waiting:key')).not.to.equal(-1);
    });
  }
});

import { expect } from 'chai';
import { ConflictException, ConnectionException } from 'pip-services4-commons-node';
import type { RedisLock } from '../../../lib';
import { addressesOf, setForeignLock, thrownBy, useLocks, useMasters } from './locks';

const LONG = 30_000;

describe('The message of a lock', () => {
  const locks = useLocks();
  const masters = useMasters(3);
  const open = (options: object = {}): Promise<RedisLock> =>
    locks.open({ connections: addressesOf(masters), options: { retry_timeout: 5, ...options } });
  const timeoutOf = (work: Promise<unknown>) => thrownBy(work, ConflictException, 'LOCK_TIMEOUT');

  describe('that was not had in time', () => {
    beforeEach(() => Promise.all(masters.map((master) => setForeignLock(master, 'key'))));

    it('says for how long and how often it was tried, and that a timeout makes it wait', async () => {
      const lock = await open();
      const { message, details } = await timeoutOf(lock.acquireLock('123', 'key', LONG));

      expect(message).to.match(
        /^The lock "key" is held by another, and was not released in time: 4 attempts in \d+ ms\. Without a timeout, options\.retries \(3\) ends the wait: pass one to wait longer/,
      );
      expect(details.getAsInteger('attempts')).to.equal(4);
      expect(message).to.contain(` ${details.getAsInteger('waitedMs')} ms`);
    });

    it('names the timeout where that has ended it', async () => {
      const lock = await open();
      const { message } = await timeoutOf(lock.acquireLock('123', 'key', LONG, 0));

      expect(message).to.match(/: 1 attempt in \d+ ms\. Its timeout was 0 ms$/);
    });

    it('says where retries that are set have ended it before its timeout', async () => {
      const lock = await open({ retries: 1 });
      const { message } = await timeoutOf(lock.acquireLock('123', 'key', LONG, LONG));

      expect(message).to.match(
        /: 2 attempts in \d+ ms\. options\.retries \(1\) ended the wait before its timeout of 30000 ms$/,
      );
    });

    it('says where it has made no attempt, behind another caller of its process', async () => {
      const lock = await open();
      await lock.acquireLock('123', 'own', LONG);
      const { message } = await timeoutOf(lock.acquireLock('123', 'own', LONG));

      expect(message).to.match(/is held by another caller of this instance, .*: 0 attempts in \d+ ms, for it waited/);
      expect(message).to.match(/pass one to wait longer$/);
    });

    it('says that the key has no expiry, and that it may be no lock', async () => {
      const lock = await open();
      await Promise.all(masters.map((master) => master.command('SET', 'plain', 'theirs')));
      const { message, details } = await timeoutOf(lock.acquireLock('123', 'plain', LONG, 0));

      // A quorum has decided it, and the third may not have answered yet.
      expect(message).to.match(
        /\. On [23] of 3 masters the key has no expiry, so that it stays until somebody deletes it: /,
      );
      expect(message).to.contain('it may be a plain key of somebody else, and no lock');
      expect(details.getAsString('masters')).to.match(/127\.0\.0\.1:\d+: taken, without an expiry/);
    });

    it('says nothing of that where the key has an expiry', async () => {
      const lock = await open();
      const { message } = await timeoutOf(lock.acquireLock('123', 'key', LONG, 0));

      expect(message).not.to.contain('expiry');
    });
  });

  describe('that too few masters could vote on', () => {
    const addresses = (): readonly string[] => masters.map(({ port }) => `127.0.0.1:${port}`);

    it('names masters that said the same together', async () => {
      const lock = locks.create({
        connections: addressesOf(masters),
        credential: { username: 'nobody', password: 'wrong' },
        // It is decided with two, and the third is waited for so long.
        options: { node_timeout: LONG, connect_timeout: LONG },
      });
      const { message, details } = await thrownBy(lock.open('123'), ConnectionException, 'NO_QUORUM');
      const [a, b, c] = addresses();

      expect(message).to.equal(
        'The lock could not be opened: 0 of 3 masters could vote, and the quorum is 2. ' +
          `${a}, ${b} and ${c}: wrong-password (WRONGPASS invalid username-password pair or user is disabled.)`,
      );
      expect(details.getAsString('masters').match(/wrong-password/g)).to.have.length(3);
    });

    it('says nothing of the scripts that were run', async () => {
      const lock = await open();
      await Promise.all(masters.map((master) => master.command('CONFIG', 'SET', 'maxmemory', '1')));
      try {
        const asked = lock.acquireLock('123', 'key', LONG, 0);
        const { message } = await thrownBy(asked, ConnectionException, 'NO_QUORUM');

        expect(message).to.contain("out-of-memory (OOM command not allowed when used memory > 'maxmemory'.)");
      } finally {
        await Promise.all(masters.map((master) => master.command('CONFIG', 'SET', 'maxmemory', '0')));
      }
    });

    it('says that a master refused to look, and never that the lock has gone', async () => {
      const lock = await open();
      const lease = await lock.acquireLease('123', 'key', LONG);
      await Promise.all(masters.map((master) => master.command('ACL', 'SETUSER', 'default', '-get')));
      try {
        const { message } = await thrownBy(lease.extend(LONG), ConnectionException, 'NO_QUORUM');

        expect(message).to.contain('could not be extended: 0 of 3 masters could vote');
        expect(message).to.contain('no-permission');
        expect(lease.isValid()).to.equal(true);
      } finally {
        await Promise.all(masters.map((master) => master.command('ACL', 'SETUSER', 'default', '+get')));
      }
    });
  });
});

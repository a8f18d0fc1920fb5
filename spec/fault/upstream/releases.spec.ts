import { expect } from 'chai';
import { Redis } from 'ioredis';
import Redlock, { ExecutionError, type RedlockAbortSignal } from 'redlock';
import { restore, spy, type SinonSpy } from 'sinon';
import { RedisLock } from '../../../lib';
import type { Master } from '../../support/Master';
import { startMasters } from '../../support/masters';
import { until } from '../../support/until';

const TTL_MS = 10_000;
/** Long enough for a busy machine to acquire it within. */
const SHORT_TTL_MS = 2000;
const RETRIES = 2;
const PAUSE_MS = 150;
/** A timer may fire a millisecond early. */
const RETRIED_MS = RETRIES * (PAUSE_MS - 1);
/** No test outlasts it. */
const LONG_PAUSE_MS = 600_000;

describe('The end of a lock of redlock, and of the lock', () => {
  let masters: readonly Master[];
  let clients: Redis[];
  let lock: RedisLock;

  const everywhere = (...command: readonly (string | number)[]): Promise<unknown[]> =>
    Promise.all(masters.map((master) => master.command(...command)));
  const isGone = async (): Promise<boolean> => (await everywhere('EXISTS', 'key')).every((count) => count === 0);
  const thrownBy = (call: Promise<unknown>): Promise<unknown> =>
    call.then(
      () => expect.fail('it did not reject'),
      (error: unknown) => error,
    );

  /** How many scripts each master has to run for it; then the lock is closed. */
  async function scriptsOf(work: () => Promise<unknown>): Promise<readonly number[]> {
    const counts = async (): Promise<readonly number[]> => {
      const stats = await everywhere('INFO', 'commandstats');
      return stats.map((text) => Number(/cmdstat_evalsha:calls=(\d+)/.exec(String(text))?.[1] ?? 0));
    };
    const before = await counts();
    await work();
    await lock.close(null);
    return (await counts()).map((count, index) => count - (before[index] ?? 0));
  }

  before(async () => {
    masters = await startMasters(3);
  });
  beforeEach(async () => {
    await everywhere('FLUSHALL');
    clients = masters.map(({ host, port }) => new Redis({ host, port }));
    await Promise.all(clients.map((client) => client.ping()));
    lock = new RedisLock();
    lock.configure({
      connections: masters.map(({ host, port }) => ({ host, port })),
      options: { retries: RETRIES, retry_timeout: LONG_PAUSE_MS, retry_jitter: 0 },
    });
    await lock.open(null);
  });
  afterEach(async () => {
    restore();
    await lock.close(null);
    // On a client that has ended it would leave a timer behind.
    for (const client of clients) if (client.status !== 'end') client.disconnect();
  });
  after(async () => {
    await Promise.all(masters.map((master) => master.stop()));
  });

  describe('when the lock has expired before it is released', () => {
    it('upstream: the release is retried to the end, and then rejects', async () => {
      const redlock = new Redlock(clients, { retryCount: RETRIES, retryDelay: PAUSE_MS, retryJitter: 0 });
      const held = await redlock.acquire(['key'], 60);
      await until(isGone, 'the lock has expired');
      const startedMs = performance.now();
      const error = await thrownBy(held.release());

      expect(error).to.be.instanceOf(ExecutionError);
      expect((error as ExecutionError).attempts).to.have.length(1 + RETRIES);
      expect(performance.now() - startedMs).to.be.at.least(RETRIED_MS);
    });

    it('upstream: left alone it retries ten times, for two seconds', () => {
      expect(new Redlock(clients).settings).to.include({ retryCount: 10, retryDelay: 200 });
    });

    it('here: the release settles without a retry, and does not throw', async () => {
      await lock.acquireLock(null, 'key', SHORT_TTL_MS);
      await until(isGone, 'the lock has expired');

      expect(await scriptsOf(() => lock.releaseLock(null, 'key'))).to.eql([1, 1, 1]);
    });

    it('here: so it does for a lock that was lost before its time', async () => {
      await lock.acquireLock(null, 'key', TTL_MS);
      await everywhere('DEL', 'key');

      expect(await scriptsOf(() => lock.releaseLock(null, 'key'))).to.eql([1, 1, 1]);
    });
  });

  describe('when the lock was lost while its work was done', () => {
    const using = (work: (signal: RedlockAbortSignal) => Promise<unknown>, ttlMs = TTL_MS): Promise<unknown> => {
      const redlock = new Redlock(clients, { retryCount: 0, automaticExtensionThreshold: 100 });
      return redlock.using(['key'], ttlMs, work);
    };

    it('upstream: using() replaces the result of the work by the failure of the release', async () => {
      const error = await thrownBy(using(() => everywhere('DEL', 'key').then(() => 'the result')));

      expect(error).to.be.instanceOf(ExecutionError);
    });

    it('upstream: using() replaces the error of the work by the failure of the release', async () => {
      const failing = async (): Promise<never> => {
        await everywhere('DEL', 'key');
        throw new Error('the work failed');
      };

      expect(await thrownBy(using(failing))).to.be.instanceOf(ExecutionError);
    });

    it('upstream: using() does not put the reason on signal.reason', async () => {
      let signal: RedlockAbortSignal | undefined;
      const watching = async (given: RedlockAbortSignal): Promise<void> => {
        signal = given;
        await everywhere('DEL', 'key');
        await until(() => given.aborted, 'the loss is told of');
      };
      await thrownBy(using(watching, 300));

      expect(signal?.error).to.be.instanceOf(ExecutionError);
      expect(signal?.reason).to.be.instanceOf(DOMException).and.not.to.equal(signal?.error);
    });

    it('here: the result and the error of the work outlive the release', async () => {
      const held = async (work: () => Promise<string>): Promise<string> => {
        await lock.acquireLock(null, 'key', TTL_MS);
        try {
          return await work();
        } finally {
          await lock.releaseLock(null, 'key');
        }
      };
      const lose = (): Promise<unknown> => everywhere('DEL', 'key');

      expect(await held(() => lose().then(() => 'the result'))).to.equal('the result');
      const failed = await thrownBy(held(() => lose().then(() => Promise.reject(new Error('the work failed')))));
      expect((failed as Error).message).to.equal('the work failed');
    });
  });

  describe('when it is closed', () => {
    it("upstream: quit() closes the caller's clients", async () => {
      await new Redlock(clients).quit();
      await until(() => clients.every(({ status }) => status === 'end'), 'every client has ended');
    });

    it('here: neither quit() nor using() is called, from open to close', async () => {
      const quit: SinonSpy = spy(Redlock.prototype, 'quit');
      const using: SinonSpy = spy(Redlock.prototype, 'using');
      const extend: SinonSpy = spy(Redlock.prototype, 'extend');
      await lock.acquireLock(null, 'key', TTL_MS);
      await lock.releaseLock(null, 'key');
      await lock.acquireLock(null, 'left to close', TTL_MS);
      await lock.close(null);

      expect(await everywhere('EXISTS', 'left to close')).to.eql([0, 0, 0]);
      expect([extend.callCount, quit.callCount, using.callCount]).to.eql([2, 0, 0]);
    });
  });
});

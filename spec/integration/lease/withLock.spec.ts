import { expect } from 'chai';
import { ConflictException } from 'pip-services4-commons-node';
import { spy } from 'sinon';
import type { Lease, LeaseOptions } from '../../../lib';
import { Renewals } from '../../../lib/lease/Renewals';
import { until } from '../../support/until';
import { addressesOf, standsOnNone, thrownBy, useLocks, useMasters } from '../lock/locks';

const LONG = 60_000;

describe('Work under a lock', () => {
  const locks = useLocks();
  const masters = useMasters(3);
  const open = () =>
    locks.open({ connections: addressesOf(masters), options: { retry_timeout: 10, node_timeout: LONG } });
  const isFree = (): Promise<boolean> => standsOnNone(masters, 'key');

  /** What the work was rejected with. */
  const rejection = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => expect.fail('it resolved'),
      (error: unknown) => error,
    );
  const loss = (lease: Lease): Promise<void> =>
    new Promise((resolve) => lease.signal.addEventListener('abort', () => resolve(), { once: true }));

  it('is done while the lock is held, and its result reaches the caller when it is free again', async () => {
    const lock = await open();
    const result = await lock.withLock('123', 'key', LONG, async (lease) => {
      expect(lease.isValid()).to.equal(true);
      expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(false);
      return 42;
    });

    expect(result).to.equal(42);
    await until(isFree, 'the key is free');
    expect(lock.getStatus().held).to.equal(0);
  });

  it('takes options, and several keys', async () => {
    const lock = await open();
    const keys = await lock.withLock('123', ['b', 'a'], LONG, { autoRenew: true, timeout: 10 }, async (lease) => {
      expect(await lock.tryAcquireLock('123', 'a', LONG)).to.equal(false);
      return lease.keys;
    });

    expect(keys).to.eql(['b', 'a']);
  });

  for (const [how, fail] of [
    ['rejects with', async (error: Error) => Promise.reject(error)],
    [
      'throws',
      (error: Error): Promise<never> => {
        throw error;
      },
    ],
  ] as const) {
    it(`may fail: the caller gets what it ${how}, and the lock is free`, async () => {
      const lock = await open();
      const error = new Error('its own');

      expect(await rejection(lock.withLock('123', 'key', LONG, () => fail(error)))).to.equal(error);
      await until(isFree, 'the key is free');
    });
  }

  /** For how long the lock is renewed, and whether it is at all. */
  const renewedMs = async (ttlMs: number, ...options: [LeaseOptions] | []): Promise<number | null> => {
    const lock = await open();
    // Nothing is renewed before its time here: what is planned tells.
    const add = spy(Renewals.prototype, 'add');
    try {
      const work = async (): Promise<void> => {};
      await (options.length === 0
        ? lock.withLock('123', 'key', ttlMs, work)
        : lock.withLock('123', 'key', ttlMs, options[0], work));
      return add.firstCall?.args[1] ?? null;
    } finally {
      add.restore();
    }
  };

  it('keeps its lock for as long as it takes: it is renewed by itself', async () => {
    expect(await renewedMs(LONG)).to.equal(LONG);
    expect(await renewedMs(LONG, { timeout: 10, autoRenew: null })).to.equal(LONG);
  });

  it('is not renewed where it is told not to be', async () => {
    expect(await renewedMs(LONG, { autoRenew: false })).to.equal(null);
  });

  it('is held no longer than its maxHold, renewed or not', async () => {
    const lock = await open();
    await lock.withLock('123', 'key', LONG, { maxHold: LONG / 2 }, async (lease) => {
      expect(lease.remaining()).to.be.at.most(LONG / 2);
      await lease.extend(LONG);
      expect(lease.remaining()).to.be.at.most(LONG / 2);
    });
  });

  it('is not begun where the lock is held by another', async () => {
    const [lock, other] = [await open(), await open()];
    await other.acquireLease('123', 'key', LONG);
    let isBegun = false;
    const work = lock.withLock('123', 'key', LONG, { timeout: 20 }, async () => {
      isBegun = true;
    });

    await thrownBy(work, ConflictException, 'LOCK_TIMEOUT');
    expect(isBegun).to.equal(false);
  });

  for (const [what, end] of [
    ['result', async () => 42],
    ['error', async () => Promise.reject(new Error('its own'))],
  ] as const) {
    it(`has its ${what} reach the caller also where the release comes to nothing`, async () => {
      const lock = await open();
      const work = lock.withLock('123', 'key', LONG, async () => {
        await Promise.all(masters.map((master) => master.kill()));
        return end();
      });
      const settled = await work.then(
        (result) => ({ result }),
        (error: Error) => ({ error: error.message }),
      );

      expect(settled).to.eql(what === 'result' ? { result: 42 } : { error: 'its own' });
    });
  }

  describe('that loses its lock', () => {
    it('hears of it, and the caller gets LOCK_LOST with the result', async () => {
      const lock = await open();
      const work = lock.withLock('123', 'key', 60, { timeout: LONG, autoRenew: false }, async (lease) => {
        await loss(lease);
        return { rows: 7 };
      });
      const thrown = await thrownBy(work, ConflictException, 'LOCK_LOST');

      expect(thrown).to.have.property('result').that.eqls({ rows: 7 });
    });

    it('is told apart also where it has never looked', async () => {
      const lock = await open();
      const work = lock.withLock('123', 'key', 60, { timeout: LONG, autoRenew: false }, async (lease) => {
        await until(() => !lease.isValid(), 'it has run out');
        return 42;
      });

      expect(await thrownBy(work, ConflictException, 'LOCK_LOST')).to.have.property('result', 42);
    });

    it('has its own error reach the caller all the same', async () => {
      const lock = await open();
      const error = new Error('its own');
      const work = lock.withLock('123', 'key', 60, { timeout: LONG, autoRenew: false }, async (lease) => {
        await loss(lease);
        throw error;
      });

      expect(await rejection(work)).to.equal(error);
    });
  });

  it('may give the lock back itself: that is no loss', async () => {
    const lock = await open();
    const result = await lock.withLock('123', 'key', LONG, async (lease) => {
      await lease.release();
      return 42;
    });

    expect(result).to.equal(42);
  });
});

import { expect } from 'chai';
import {
  BadRequestException,
  ConfigException,
  ConflictException,
  InvalidStateException,
} from 'pip-services4-commons-node';
import { Descriptor, References, type Lease, type RedisLock } from '../../../lib';
import { until } from '../../support/until';
import { addressesOf, standsOnAll, standsOnNone, thrownBy, useLocks, useMasters } from './locks';

const LONG = 30_000;

/** Something that is waited for until somebody says so. */
function gate(): { readonly passed: Promise<void>; readonly open: () => void } {
  let open = (): void => {};
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { passed, open };
}

describe("A lock's close, while work is under way", () => {
  const locks = useLocks();
  const masters = useMasters(3);
  const open = (options: object = {}): Promise<RedisLock> =>
    locks.open({ connections: addressesOf(masters), options: { retries: -1, retry_timeout: 10, ...options } });
  const isFree = (): Promise<boolean> => standsOnNone(masters, 'key');
  const whyFired = ({ signal }: Lease): unknown => (signal.reason as { readonly code?: unknown } | undefined)?.code;

  /** Work under the key that has begun, and ends when it is told to. */
  const begin = async (lock: RedisLock): Promise<{ lease: Lease; outcome: Promise<unknown>; end: () => void }> => {
    const { passed, open: end } = gate();
    let lease: Lease | null = null;
    const outcome = lock.withLock('123', 'key', LONG, async (given) => {
      lease = given;
      given.signal.addEventListener('abort', () => {});
      await passed;
      return { rows: 7 };
    });
    await until(() => lease !== null, 'the work has begun');
    return { lease: lease as unknown as Lease, outcome, end };
  };

  describe('that is not waited for', () => {
    it('has withLock end with CLOSED, with the result', async () => {
      const lock = await open();
      const { outcome, end } = await begin(lock);
      await lock.close('123');
      end();
      const thrown = await thrownBy(outcome, InvalidStateException, 'CLOSED');

      expect(thrown).to.have.property('result').that.eqls({ rows: 7 });
      expect(thrown.message).to.contain('"key"');
    });

    it('has its own error reach the caller all the same', async () => {
      const lock = await open();
      const { passed, open: end } = gate();
      let hasBegun = false;
      const work = lock.withLock('123', 'key', LONG, async () => {
        hasBegun = true;
        await passed;
        throw new RangeError('its own');
      });
      const outcome = work.catch((error: unknown) => error);
      await until(() => hasBegun, 'the work has begun');
      await lock.close('123');
      end();

      expect(await outcome).to.be.instanceOf(RangeError);
    });

    it('is told in the turn of the call, so before anything is sent', async () => {
      const lock = await open();
      const leases = await Promise.all(['one', 'two'].map((key) => lock.acquireLease('123', key, LONG)));
      const told: unknown[] = [];
      for (const lease of leases) {
        lease.signal.addEventListener('abort', () => told.push([whyFired(lease), lease.isValid()]));
      }
      const closed = lock.close('123');

      expect(told).to.eql([
        ['CLOSED', false],
        ['CLOSED', false],
      ]);
      await closed;
      for (const key of ['one', 'two']) await until(() => standsOnNone(masters, key), `${key} is free`);
    });

    it('hears of it also where it looks only afterwards', async () => {
      const lock = await open();
      const lease = await lock.acquireLease('123', 'key', LONG);
      await lock.close('123');

      expect(lease.isValid()).to.equal(false);
      expect(whyFired(lease)).to.equal('CLOSED');
      await thrownBy(lease.extend(LONG), InvalidStateException, 'CLOSED');
      await thrownBy(
        Promise.resolve().then(() => lease.handOver()),
        InvalidStateException,
        'CLOSED',
      );
      expect((await lease.release()).kind).to.equal('released');
    });

    it('is told nothing where its lock was released before', async () => {
      const lock = await open();
      const lease = await lock.acquireLease('123', 'key', LONG);
      const { signal } = lease;
      await lease.release();
      await lock.close('123');

      expect(signal.aborted).to.equal(false);
    });

    it('goes on under its lock where release_on_close is off', async () => {
      const lock = await open({ release_on_close: false });
      const { lease, outcome, end } = await begin(lock);
      await lock.close('123');

      expect(lease.isValid()).to.equal(true);
      expect(lease.signal.aborted).to.equal(false);
      expect(await (await open()).tryAcquireLock('456', 'key', LONG)).to.equal(false);
      end();
      expect(await outcome).to.eql({ rows: 7 });
    });

    it('hears of the end of its ttl where release_on_close is off: nothing renews it any more', async () => {
      const lock = await open({ release_on_close: false });
      const lease = await lock.acquireLease('123', 'key', 300, { autoRenew: true });
      await lock.close('123');

      await until(() => lease.signal.aborted, 'its ttl has passed');
      expect(whyFired(lease)).to.equal('LOCK_LOST');
    });
  });

  describe('that is waited for', () => {
    /** The close has begun, and has not ended after all that this turn of the loop and the masters had to do. */
    const drain = async (lock: RedisLock): Promise<{ closed: Promise<void>; hasClosed: () => boolean }> => {
      let isClosed = false;
      const closed = lock.close('123', { drain: LONG }).then(() => void (isClosed = true));
      await Promise.all(masters.map((master) => master.command('PING')));
      expect(isClosed).to.equal(false);
      return { closed, hasClosed: () => isClosed };
    };

    it('keeps its lock to its end', async () => {
      const lock = await open();
      const { lease, outcome, end } = await begin(lock);
      const { closed } = await drain(lock);

      expect([lease.isValid(), lease.signal.aborted, await standsOnAll(masters, 'key')]).to.eql([true, false, true]);
      await lease.extend(LONG);
      end();
      expect(await outcome).to.eql({ rows: 7 });
      await closed;
      await until(isFree, 'the key is free');
    });

    it('is waited for also where it holds a lease, or a lock by key', async () => {
      const lock = await open();
      const lease = await lock.acquireLease('123', 'one', LONG);
      await lock.acquireLock('123', 'two', LONG);
      const { closed, hasClosed } = await drain(lock);
      await lease.release();
      expect(hasClosed()).to.equal(false);
      await lock.releaseLock('123', 'two');
      await closed;

      expect(lease.signal.aborted).to.equal(false);
    });

    it('is found by its key where the close began in the moment of acquiring', async () => {
      const closing: Promise<void>[] = [];
      const trace = (): void => {
        if (closing.length === 0) closing.push(lock.close('123', { drain: LONG }));
      };
      const logger = { log() {}, fatal() {}, error() {}, warn() {}, info() {}, debug() {}, trace };
      const references = References.fromTuples(new Descriptor('app', 'logger', 'x', 'y', '1.0'), logger);
      const lock: RedisLock = await locks.open({ connections: addressesOf(masters) }, references);
      expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(true);
      expect(lock.isOpen()).to.equal(false);
      await lock.releaseLock('123', 'key');
      await until(isFree, 'the key is free');
      await Promise.all(closing);
    });

    it('may hand its lock over, or let it run out', async () => {
      const [lock, heir] = [await open(), await open()];
      const [lease] = await Promise.all([
        lock.acquireLease('123', 'key', LONG),
        lock.acquireLock('123', 'left to its ttl', 200),
      ]);
      const { closed } = await drain(lock);
      const adopted = await heir.adoptLease('123', lease.handOver());
      await closed;

      expect(adopted.isValid()).to.equal(true);
    });

    it('is renewed meanwhile', async () => {
      const lock = await open();
      const lease = await lock.acquireLease('123', 'key', 1500, { autoRenew: true });
      const closed = lock.close('123', { drain: LONG });
      let leastMs = Infinity;
      const isRenewed = (): boolean => {
        leastMs = Math.min(leastMs, lease.remaining());
        return lease.remaining() > leastMs + 100;
      };
      await until(
        () => isRenewed() || lease.signal.aborted,
        'it is renewed, or a machine that stood still has lost it',
      );

      expect(whyFired(lease)).to.not.equal('CLOSED');
      await lease.release();
      await closed;
    });

    it('keeps others from acquiring, and those who wait get CLOSED', async () => {
      const lock = await open();
      const lease = await lock.acquireLease('123', 'key', LONG);
      const waiting = thrownBy(lock.acquireLock('123', 'key', LONG, LONG), InvalidStateException, 'CLOSED');
      const { closed } = await drain(lock);
      await waiting;

      expect(lock.isOpen()).to.equal(false);
      await thrownBy(lock.tryAcquireLock('123', 'other', LONG), InvalidStateException, 'NOT_OPENED');
      await thrownBy(
        lock.withLock('123', 'other', LONG, async () => {}),
        InvalidStateException,
        'NOT_OPENED',
      );
      await lease.release();
      await closed;
      await thrownBy(lock.releaseLock('123', 'key'), InvalidStateException, 'NOT_OPENED');
    });

    it('is told once its time is up', async () => {
      const lock = await open();
      const { lease, outcome, end } = await begin(lock);
      await lock.close('123', { drain: 50 });

      expect(whyFired(lease)).to.equal('CLOSED');
      end();
      await thrownBy(outcome, InvalidStateException, 'CLOSED');
      await until(isFree, 'the key is free');
    });

    it('is no reason to wait where its lock was lost', async () => {
      const lock = await open();
      const { lease, outcome, end } = await begin(lock);
      await Promise.all(masters.map((master) => master.command('DEL', 'key')));
      await thrownBy(lease.extend(LONG), ConflictException, 'LOCK_LOST');
      await lock.close('123', { drain: LONG });
      end();

      await thrownBy(outcome, ConflictException, 'LOCK_LOST');
    });
  });

  it('takes no other options, and stays open then', async () => {
    const lock = await open();
    const close = lock.close.bind(lock) as (...args: unknown[]) => Promise<unknown>;
    for (const options of [{ timeout: 10 }, 10]) {
      await thrownBy(close('123', options), ConfigException, 'BAD_OPTION');
    }
    await thrownBy(close('123', { drain: -1 }), BadRequestException, 'BAD_TIMEOUT');
    expect(lock.isOpen()).to.equal(true);
    await lock.close('123', { drain: null });
    expect(lock.isOpen()).to.equal(false);
  });
});

import { expect } from 'chai';
import { ConflictException, InvalidStateException } from 'pip-services4-commons-node';
import type { Lease, RedisLock } from '../../../lib';
import { describeOnMasters } from '../../support/onMasters';
import { until } from '../../support/until';
import { setForeignLock, thrownBy, UNHURRIED, useLocks, valuesOn } from '../lock/locks';
import { begun } from '../wait/waiting';
import { endMs, lastEndMs } from './endMs';
import { keptOn } from './keptOn';

const LONG = 60_000;
/** The ttl of a lease that renews itself: a process that is stopped for half of it does not lose it. */
const RENEWED_MS = 3000;
const LONGER = 120_000;

describeOnMasters('A lease', (bench) => {
  const locks = useLocks();
  const open = (options: object = {}): Promise<RedisLock> =>
    locks.open({ connections: bench.connections(), options: { retry_timeout: 10, ...UNHURRIED, ...options } });
  const held = (lease: Lease | null): Lease => lease ?? expect.fail('it is held by another');
  const isGone = async (...keys: readonly string[]): Promise<boolean> => {
    const values = await Promise.all(keys.map((key) => valuesOn(bench.living, key)));
    return values.flat().every((value) => value === null);
  };
  const isEverywhere = async (key: string): Promise<boolean> => !(await valuesOn(bench.living, key)).includes(null);

  it('is of a free key, and null while the key is held, by this instance or another', async () => {
    const [one, other] = [await open(), await open()];
    const lease = held(await one.tryAcquireLease('123', 'key', LONG));

    expect(lease.keys).to.eql(['key']);
    expect(lease.isValid()).to.equal(true);
    expect(lease.remaining()).to.be.within(LONG - 10_000, LONG * 0.99 - 2);
    expect(one.getStatus().held).to.equal(1);
    expect(await one.tryAcquireLease('123', 'key', LONG)).to.equal(null);
    expect(await other.tryAcquireLease('123', 'key', LONG)).to.equal(null);
    expect(await other.tryAcquireLock('123', 'key', LONG)).to.equal(false);
  });

  it('is waited for until it is released', async () => {
    const [one, other] = [await open(), await open()];
    const lease = await one.acquireLease('123', 'key', LONG);
    const waiting = [one, other].map((lock) => lock.acquireLease('123', 'key', LONG, { timeout: LONG }));
    expect((await lease.release()).kind).to.equal('released');
    const first = await Promise.race(waiting);
    expect(first.isValid()).to.equal(true);
    await first.release();

    for (const next of await Promise.all(waiting)) if (next !== first) expect(next.isValid()).to.equal(true);
  });

  it('is not had in time, or cancelled, with an error of its own', async () => {
    const [one, other] = [await open(), await open()];
    await one.acquireLease('123', 'key', LONG);
    await thrownBy(other.acquireLease('123', 'key', LONG, { timeout: 30 }), ConflictException, 'LOCK_TIMEOUT');
    const controller = new AbortController();
    const waiting = other.acquireLease('123', 'key', LONG, { timeout: LONG, signal: controller.signal });
    const reason = new Error('enough');
    controller.abort(reason);

    expect(await waiting.catch((error: unknown) => error)).to.equal(reason);
    expect(other.getStatus()).to.include({ held: 0, waiters: 0 });
  });

  it('is released once, quickly, and says what came of it on each master', async () => {
    const lock = await open();
    const lease = await lock.acquireLease('123', 'key', LONG);
    await until(() => isEverywhere('key'), 'it stands on each master');
    const { signal } = lease;
    const outcome = await lease.release();

    expect(outcome.kind).to.equal('released');
    expect(outcome.masters.map(({ address }) => address)).to.eql(
      bench.connections().map(({ host, port }) => `${host}:${port}`),
    );
    expect(outcome.masters.filter(({ answer }) => answer === 'released').length).to.be.above(bench.size / 2);
    expect(await lease.release()).to.equal(outcome);
    await until(() => isGone('key'), 'no master has it');
    expect({ isValid: lease.isValid(), remaining: lease.remaining(), isLost: signal.aborted }).to.eql({
      isValid: false,
      remaining: 0,
      isLost: false,
    });
    expect(lock.getStatus().held).to.equal(0);
    await thrownBy(lease.extend(LONG), InvalidStateException, 'NOT_HELD');
  });

  it("is released also where the caller's own signal has fired meanwhile", async () => {
    const lock = await open();
    const controller = new AbortController();
    const lease = await lock.acquireLease('123', 'key', LONG, { timeout: LONG, signal: controller.signal });
    controller.abort();
    expect(lease.isValid()).to.equal(true);
    await lease.extend(LONG);

    expect((await lease.release()).kind).to.equal('released');
    await until(() => isGone('key'), 'no master has it');
  });

  it('says that it had expired, or that another holds the key by now, and leaves that one alone', async () => {
    const [one, other] = [await open(), await open()];
    const lease = await one.acquireLease('123', 'key', 60, { timeout: LONG });
    await other.acquireLease('123', 'key', LONG, { timeout: LONG });
    const isKept = await keptOn(bench.living, 'key');
    expect((await lease.release()).kind).to.equal('expired');

    const second = await one.acquireLease('123', 'second', LONG);
    await Promise.all(bench.living.map((master) => master.command('DEL', 'second')));
    await Promise.all(bench.living.map((master) => setForeignLock(master, 'second')));
    expect((await second.release()).kind).to.equal('taken');
    expect(new Set(await valuesOn(bench.living, 'second'))).to.eql(new Set(['theirs']));
    expect(await isKept()).to.equal(true);
  });

  it('is extended on the masters, for longer or for shorter', async () => {
    const lock = await open();
    const lease = await lock.acquireLease('123', 'key', LONG);
    await until(() => isEverywhere('key'), 'it stands on each master');
    for (const ttlMs of [LONGER, 20_000]) {
      await lease.extend(ttlMs);
      expect(lease.remaining()).to.be.within(ttlMs - 10_000, ttlMs);
      for (const master of bench.living) {
        await until(async () => {
          const pttl = Number(await master.command('PTTL', 'key'));
          return pttl > ttlMs - 10_000 && pttl <= ttlMs;
        }, `it stands for ${ttlMs} ms on each master`);
      }
    }
    expect(lease.signal.aborted).to.equal(false);
  });

  it('is lost where no quorum holds it any more: at once, once, and never brought back', async () => {
    const lock = await open();
    const lease = await lock.acquireLease('123', 'key', LONG);
    await until(() => isEverywhere('key'), 'it stands on each master');
    const { signal } = lease;
    // Just so many that the others are no quorum.
    const blocking = Math.ceil(bench.size / 2);
    await Promise.all(bench.living.slice(-blocking).map((master) => master.command('DEL', 'key')));
    const thrown = await thrownBy(lease.extend(LONG), ConflictException, 'LOCK_LOST');

    expect(signal.reason).to.equal(thrown);
    expect(thrown.details.getAsString('key')).to.equal('key');
    expect(lease.isValid()).to.equal(false);
    expect(lock.getStatus().held).to.equal(0);
    await thrownBy(lease.extend(LONG), ConflictException, 'LOCK_LOST');
    await until(() => isGone('key'), 'what the others had of it is taken back');
    expect((await lease.release()).kind).to.equal('expired');
    expect(held(await lock.tryAcquireLease('123', 'key', LONG)).isValid()).to.equal(true);
  });

  it('is renewed for as long as it is held, and not any more once it is released', async () => {
    const [lock, other] = [await open(), await open()];
    const lease = await lock.acquireLease('123', 'key', RENEWED_MS, { autoRenew: true, timeout: LONG });
    const firstEndMs = endMs(lease);
    const { signal } = lease;
    const expected = begun(other.acquireLease('123', 'key', LONG, { timeout: LONG }));
    // One renewal adds a third of the ttl, unless it is late.
    await until(() => endMs(lease) > firstEndMs + RENEWED_MS / 2, 'it is renewed, and again');
    expect({ isValid: lease.isValid(), isLost: signal.aborted, waiters: other.getStatus().waiters }).to.eql({
      isValid: true,
      isLost: false,
      waiters: 1,
    });
    await lease.release();

    expect((await expected).isValid()).to.equal(true);
  });

  it('is not renewed beyond its longest hold, nor where nobody asked for it', async () => {
    const lock = await open();
    const maxHold = RENEWED_MS + 500;
    // Side by side: each of them takes its time.
    const [plain, capped] = await Promise.all([
      lock.acquireLease('123', 'plain', 300, { timeout: LONG }),
      lock.acquireLease('123', 'capped', RENEWED_MS, { autoRenew: true, maxHold, timeout: LONG }),
    ]);
    const acquiredMs = performance.now();
    const cappedFirstEndMs = endMs(capped);
    expect(await lastEndMs(plain)).to.be.at.most(acquiredMs + 300);
    expect(plain.signal.reason).to.include({ code: 'LOCK_LOST' });

    let cappedEndsMs = 0;
    await until(() => (cappedEndsMs = endMs(capped)) > cappedFirstEndMs + 100, 'it is renewed');
    expect(cappedEndsMs).to.be.at.most(acquiredMs + maxHold);
  });
});

import { expect } from 'chai';
import { ConflictException, InvalidStateException } from 'pip-services4-commons-node';
import type { RedisLock } from '../../../lib';
import { awakeMs } from '../../support/AwakeClock';
import { describeOnMasters } from '../../support/onMasters';
import { until } from '../../support/until';
import { standsOnAll, standsOnNone, thrownBy, UNHURRIED, useLocks, valuesOn } from './locks';

const LONG = 60_000;

describeOnMasters('A lock', (bench) => {
  const locks = useLocks();
  const open = (options: object = {}): Promise<RedisLock> =>
    locks.open({ connections: bench.connections(), options: { retry_timeout: 10, ...UNHURRIED, ...options } });

  it('takes a free key, and refuses it to others and to itself', async () => {
    const [one, other] = [await open(), await open()];

    expect(await one.tryAcquireLock('123', 'key', LONG)).to.equal(true);
    expect(await other.tryAcquireLock('123', 'key', LONG)).to.equal(false);
    expect(await one.tryAcquireLock('123', 'key', LONG)).to.equal(false);
    expect(await other.tryAcquireLock('123', 'another key', LONG)).to.equal(true);
  });

  it('is free once it is released', async () => {
    const [one, other] = [await open(), await open()];
    for (const lock of [one, other, other, one]) {
      expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(true);
      await lock.releaseLock('123', 'key');
      await until(() => standsOnNone(bench.living, 'key'), 'the key is gone');
    }
  });

  it('is released twice, or without being held, at no harm to anybody', async () => {
    const [one, other] = [await open(), await open()];
    await one.acquireLock('123', 'key', LONG);
    await one.releaseLock('123', 'key');
    await one.releaseLock('123', 'key');
    await other.acquireLock('123', 'key', LONG);
    await one.releaseLock('123', 'key');
    await one.releaseLock('123', 'never held');

    expect(await one.tryAcquireLock('123', 'key', LONG)).to.equal(false);
    expect(other.getStatus().held).to.equal(1);
  });

  it('is waited for until it is released', async () => {
    const [one, other] = [await open(), await open()];
    await one.acquireLock('123', 'key', LONG);
    let isHeld = false;
    const waiting = other.acquireLock('123', 'key', LONG, LONG).then(() => (isHeld = true));
    await answersTo(other);
    expect({ isHeld, ...other.getStatus() }).to.include({ isHeld: false, waiters: 1 });
    await one.releaseLock('123', 'key');
    await waiting;

    expect(other.getStatus()).to.include({ held: 1, waiters: 0 });
    expect(await one.tryAcquireLock('123', 'key', LONG)).to.equal(false);
  });

  it('refuses a try for a key that callers of this instance wait for, free or not', async () => {
    const [one, other] = [await open(), await open({ retry_timeout: LONG, retry_jitter: 0, notify: false })];
    await one.acquireLock('123', 'key', LONG);
    const waiting = thrownBy(other.acquireLock('123', 'key', LONG, LONG), InvalidStateException, 'CLOSED');
    await answersTo(other);
    await one.releaseLock('123', 'key');

    expect(await other.tryAcquireLock('123', 'key', LONG)).to.equal(false);
    expect(await one.tryAcquireLock('123', 'key', LONG)).to.equal(true);
    await other.close('123');
    await waiting;
  });

  it('throws LOCK_TIMEOUT when it is not released in time', async () => {
    const [one, other] = [await open(), await open()];
    await one.acquireLock('123', 'key', LONG);
    const startedMs = performance.now();
    const refused = thrownBy(other.acquireLock('123', 'key', LONG, 80), ConflictException, 'LOCK_TIMEOUT');
    expect(await awakeMs(() => refused)).to.be.below(1000);
    const thrown = await refused;

    expect(performance.now() - startedMs).to.be.at.least(80);
    expect(thrown.details.getAsString('key')).to.equal('key');
    expect(thrown.details.getAsString('masters')).to.match(/127\.0\.0\.1:\d+: taken for \d+ ms more/);
    expect(other.getStatus()).to.include({ held: 0, waiters: 0 });
  });

  it('ends with its ttl', async () => {
    const [one, other] = [await open(), await open()];
    const startedMs = performance.now();
    // With a timeout: of a process that is stopped a short ttl may run out before it has the lock.
    await one.acquireLock('123', 'key', 150, LONG);
    await until(() => other.tryAcquireLock('123', 'key', LONG), 'the key is free');

    // The server's clock ticks in whole ms.
    expect(performance.now() - startedMs).to.be.at.least(148);
    expect(await one.tryAcquireLock('123', 'key', LONG)).to.equal(false);
    expect(one.getStatus().held).to.equal(0);
    await one.acquireLock('123', 'own', 50, LONG);
    await until(() => one.tryAcquireLock('123', 'own', LONG), 'it is free for the same instance, too');
  });

  it('does not touch what another holds when it is released too late', async () => {
    const [one, other] = [await open(), await open()];
    await one.acquireLock('123', 'key', 50, LONG);
    const ended = new Set(await valuesOn(bench.living, 'key'));
    await other.acquireLock('123', 'key', LONG, LONG);
    const before = await valuesOn(bench.living, 'key');
    await one.releaseLock('123', 'key');

    expect(await one.tryAcquireLock('123', 'key', LONG)).to.equal(false);
    // On a minority the first lock may end only now, and the other one was refused.
    for (const [index, value] of (await valuesOn(bench.living, 'key')).entries()) {
      const former = before[index];
      if (former !== null && !ended.has(former)) expect(value).to.equal(former);
    }
  });

  it('stands on the masters under exactly its prefix and key, with one token and its ttl', async () => {
    const lock = await open({ key_prefix: 'app: ' });
    await lock.acquireLock('123', 'key', LONG);
    await until(() => standsOnAll(bench.living, 'app: key'), 'it stands on each master');

    const tokens = await valuesOn(bench.living, 'app: key');
    expect(tokens[0]).to.be.a('string').and.have.length.above(15);
    expect(new Set(tokens).size).to.equal(1);
    for (const master of bench.living) {
      expect(await master.command('PTTL', 'app: key')).to.be.within(LONG - 10_000, LONG);
      expect(await master.command('EXISTS', 'key')).to.equal(0);
    }
    await lock.releaseLock('123', 'key');
    await lock.acquireLock('123', 'key', LONG);
    expect(await valuesOn(bench.living, 'app: key')).to.not.include(tokens[0]);
  });

  it('is acquired for options.ttl when no ttl is given', async () => {
    const lock = await open({ ttl: 20_000 });
    await lock.acquire('123', 'default');
    await lock.acquire('123', 'own', LONG);
    const master = bench.living[0];

    expect(await master?.command('PTTL', 'default')).to.be.within(10_000, 20_000);
    expect(await master?.command('PTTL', 'own')).to.be.within(50_000, LONG);
    const other = await open();
    await thrownBy(other.acquire('123', 'own', LONG, 0), ConflictException, 'LOCK_TIMEOUT');
  });
});

/** A master answers in order: once it has answered this, it has answered all that the lock asked before. */
async function answersTo(lock: RedisLock): Promise<void> {
  await lock.acquireLock('123', 'unrelated', LONG);
  await lock.releaseLock('123', 'unrelated');
}

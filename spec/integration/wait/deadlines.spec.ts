import { expect } from 'chai';
import { ConflictException, ConnectionException } from 'pip-services4-commons-node';
import { createSandbox } from 'sinon';
import type { RedisLock } from '../../../lib';
import { Rounds } from '../../../lib/quorum/Rounds';
import { until } from '../../support/until';
import { addressesOf, setForeignLock, thrownBy, useLocks, useMasters } from '../lock/locks';
import { acquireEverywhere, begun, LONG, NO_POLLING, untilWaiting } from './waiting';

describe('A wait that comes to its end', () => {
  const sandbox = createSandbox();
  const locks = useLocks();
  const masters = useMasters(3);

  const open = (options: object = NO_POLLING): Promise<RedisLock> =>
    locks.open({ connections: addressesOf(masters), options: { node_timeout: LONG, ...options } });
  const takeForeign = (): Promise<unknown> => Promise.all(masters.map((master) => setForeignLock(master, 'key')));
  const acquire = (lock: RedisLock, timeout?: number): Promise<void> => lock.acquireLock('123', 'key', LONG, timeout);
  const killTwo = async (lock: RedisLock): Promise<void> => {
    await Promise.all(masters.slice(1).map((master) => master.kill()));
    const areAway = (): boolean =>
      lock
        .getStatus()
        .masters.slice(1)
        .every(({ state }) => state === 'away');
    await until(areAway, 'two are away');
  };

  afterEach(() => sandbox.restore());

  for (const [how, options] of [
    ['is woken by nobody', NO_POLLING],
    ['polls', { retry_timeout: 7, retry_jitter: 3, notify: false }],
  ] as const) {
    it(`is never shorter than its timeout where it ${how}, in front or behind`, async () => {
      await takeForeign();
      const lock = await open(options);
      const timeouts = [1, 2, 5, 10, 17, 30, 50, 50, 73, 100];
      const tookMs = await Promise.all(
        timeouts.map(async (timeout) => {
          const startedMs = performance.now();
          await thrownBy(acquire(lock, timeout), ConflictException, 'LOCK_TIMEOUT');
          return performance.now() - startedMs;
        }),
      );

      expect(tookMs.filter((ms, index) => ms < (timeouts[index] ?? 0))).to.eql([]);
      expect(lock.getStatus().waiters).to.equal(0);
    });
  }

  it('tells what the masters last said to the one in front, also to those behind it', async () => {
    await takeForeign();
    const lock = await open();
    const spy = sandbox.spy(Rounds.prototype, 'acquire');
    void begun(acquire(lock, LONG));
    expect(await spy.firstCall.returnValue).to.include({ kind: 'taken' });
    const calls = [50, 50].map((timeout) => begun(thrownBy(acquire(lock, timeout), ConflictException, 'LOCK_TIMEOUT')));
    for (const { details } of await Promise.all(calls)) {
      expect(details.getAsString('key')).to.equal('key');
      // Two of three decide it.
      expect(details.getAsString('masters').match(/:\d+: taken for \d+ ms more/g)).to.have.length.at.least(2);
    }
    expect(lock.getStatus().waiters).to.equal(1);
  });

  it('is a LOCK_TIMEOUT where this instance itself holds the lock: nobody was asked', async () => {
    const lock = await open();
    await acquire(lock);
    const spy = sandbox.spy(Rounds.prototype, 'acquire');
    for (const timeout of [0, 30]) {
      const { details } = await thrownBy(acquire(lock, timeout), ConflictException, 'LOCK_TIMEOUT');
      expect(details.getAsNullableString('masters')).to.be.oneOf([null, '']);
    }
    expect(spy.callCount).to.equal(0);
  });

  it('is a NO_QUORUM when the masters are down, in front and behind', async () => {
    const lock = await open({ retry_timeout: 10 });
    await killTwo(lock);
    const calls = [60, 40, 40].map((timeout) =>
      begun(thrownBy(acquire(lock, timeout), ConnectionException, 'NO_QUORUM')),
    );
    for (const { details } of await Promise.all(calls)) {
      const said = details.getAsString('masters');
      for (const { port } of masters.slice(1)) expect(said).to.include(`127.0.0.1:${port}: unreachable`);
    }
  });

  it('is a NO_QUORUM when the masters have gone down meanwhile', async () => {
    await takeForeign();
    const lock = await open({ retry_timeout: 10 });
    const spy = sandbox.spy(Rounds.prototype, 'acquire');
    // Long enough for the masters to be killed, and to be known to be.
    const calls = [2500, 2000].map((timeout) =>
      begun(thrownBy(acquire(lock, timeout), ConnectionException, 'NO_QUORUM')),
    );
    expect(await spy.firstCall.returnValue).to.include({ kind: 'taken' });
    await killTwo(lock);
    await Promise.all(calls);
  });

  it('is a LOCK_TIMEOUT when the masters have come back meanwhile', async () => {
    await takeForeign();
    const lock = await open({ retry_timeout: 10, node_timeout: 150 });
    const spy = sandbox.spy(Rounds.prototype, 'acquire');
    await Promise.all(masters.slice(1).map((master) => master.pause()));
    // Long enough for the masters to be back.
    const calls = [2500, 2000].map((timeout) =>
      begun(thrownBy(acquire(lock, timeout), ConflictException, 'LOCK_TIMEOUT')),
    );
    expect(await spy.firstCall.returnValue).to.include({ kind: 'no-quorum' });
    await Promise.all(masters.slice(1).map((master) => master.resume()));
    await Promise.all(calls);
  });

  it('does not come sooner for attempts that nobody counts: those after a message, and after an expiry', async () => {
    const [holder, waiter] = [await open(), await open({ ...NO_POLLING, retries: 1 })];
    await acquireEverywhere(holder, masters);
    const acquired = begun(acquire(waiter, LONG));
    await untilWaiting(masters, 'key');
    const spy = sandbox.spy(Rounds.prototype, 'acquire');
    const [first] = masters;
    for (let rings = 1; rings <= 5; rings += 1) {
      const id = String(await first?.command('ZRANGE', 'redlock:waiting:key', 0, 0));
      // One of those that are lost to somebody who was quicker.
      await first?.command('PUBLISH', `redlock:free:${id}`, '');
      await until(() => spy.callCount === rings, 'it has tried in vain');
    }
    expect(waiter.getStatus()).to.include({ held: 0, waiters: 1 });
    await holder.releaseLock('123', 'key');
    await acquired;
  });
});

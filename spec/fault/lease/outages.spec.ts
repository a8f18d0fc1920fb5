import { expect } from 'chai';
import { once } from 'node:events';
import { ConflictException, ConnectionException, InvalidStateException } from 'pip-services4-commons-node';
import type { Lease, RedisLock } from '../../../lib';
import { MARKER } from '../../../lib/master/marker';
import {
  addressesOf,
  standsOnAll,
  standsOnNone,
  thrownBy,
  useLocks,
  useMasters,
  useProxies,
} from '../../integration/lock/locks';
import type { Master } from '../../support/Master';
import { until } from '../../support/until';

const LONG = 60_000;
/** Its renewals come soon, and it outlives a process that stands still for a second or two. */
const TTL_MS = 3000;
/** So long that the fault ends a wait, and not the clock. */
const NODE_TIMEOUT_MS = 20_000;
/** For a test in which a master is to be found silent. */
const SHORT_NODE_TIMEOUT_MS = 1000;
/** Whether the master is in quarantine, and what stands under the key. */
const LOOK = `
local time = redis.call('time')
local isOver = tonumber(redis.call('hget', KEYS[1], 'until') or '0') <= time[1] * 1000 + time[2] / 1000
return { isOver and 0 or 1, redis.call('get', KEYS[2]) }
`;

describe('A lease through the faults of its masters', function () {
  this.timeout(300_000);

  const locks = useLocks();
  const masters = useMasters(3);
  const proxies = useProxies(masters);

  // Without a proxy, which stands still when this process does, and would seem to be a silent master.
  const open = (options: object = {}): Promise<RedisLock> =>
    locks.open({
      connections: addressesOf(masters),
      options: { retry_timeout: 10, node_timeout: SHORT_NODE_TIMEOUT_MS, ...options },
    });
  const openThroughProxies = (): Promise<RedisLock> =>
    locks.open({
      connections: addressesOf(proxies),
      options: { retry_timeout: 10, node_timeout: NODE_TIMEOUT_MS },
    });
  const at = <T>(list: readonly T[], index: number): T => list.at(index) ?? expect.fail('no such one');
  const isEverywhere = (): Promise<boolean> => standsOnAll(masters, 'key');
  const isNowhere = (): Promise<boolean> => standsOnNone(masters, 'key');
  /** Connected to, with a vote or without. */
  const isReady = (lock: RedisLock): boolean =>
    lock.getStatus().masters.every(({ state }) => state === 'ready' || state === 'quarantined');
  const standing = async (lock: RedisLock, ttlMs: number, autoRenew = false): Promise<Lease> => {
    const lease = await lock.acquireLease('123', 'key', ttlMs, { autoRenew });
    await until(isEverywhere, 'it stands on each master');
    return lease;
  };
  const isLost = ({ signal }: Lease): boolean => signal.aborted;
  const untilLost = (lease: Lease): Promise<unknown> => once(lease.signal, 'abort');
  /** When its validity ends. The clock is read first: a process that is stopped in between must not make it later. */
  const endMs = (lease: Lease): number => {
    const nowMs = performance.now();
    return nowMs + lease.remaining();
  };
  const renewed = async (lease: Lease): Promise<void> => {
    const formerMs = endMs(lease);
    await until(() => endMs(lease) > formerMs + TTL_MS / 10, 'it is renewed');
  };

  for (const [fault, play] of [
    ['is hung', (master: Master) => master.pause()],
    ['is dead', (master: Master) => master.kill()],
    ['was restarted', (master: Master) => master.restart()],
    ['was flushed', (master: Master) => master.command('FLUSHALL')],
  ] as const) {
    it(`is renewed while one of them ${fault}, and leaves nothing behind`, async () => {
      const lock = await open();
      const lease = await standing(lock, TTL_MS, true);
      await play(at(masters, -1));
      // The first renewal may be the one that finds it out, the second one knows.
      await renewed(lease);
      await renewed(lease);

      expect({ isValid: lease.isValid(), isLost: isLost(lease) }).to.eql({ isValid: true, isLost: false });
      expect((await lease.release()).kind).to.equal('released');
      await at(masters, -1).resume();
      await at(masters, -1).start();
      await until(() => isReady(lock), 'all are back');
      await until(isNowhere, 'no master has it');
    });
  }

  it('gives the lock back to a master that was emptied, once that has a vote again and not before', async () => {
    const lock = await open({ restart_guard: 3500 });
    const lease = await standing(lock, TTL_MS, true);
    const last = at(masters, -1);
    const token = await last.command('GET', 'key');
    await last.restartEmpty();
    // Both are read in one step of the master, by its own clock.
    const look = async (): Promise<readonly unknown[]> =>
      (await last.command('EVAL', LOOK, 2, MARKER, 'key')) as unknown[];
    await until(async () => (await look())[0] === 1, 'it is in quarantine');
    await renewed(lease);
    expect(await look()).to.eql([1, null]);
    await until(async () => (await last.command('GET', 'key')) === token, 'it has the lock again', 10_000);

    expect(isLost(lease)).to.equal(false);
    expect((await lease.release()).kind).to.equal('released');
    await until(isNowhere, 'no master has it');
  });

  for (const [fault, play] of [
    ['flushed', (master: Master) => master.command('FLUSHALL')],
    ['without the key', (master: Master) => master.command('DEL', 'key')],
  ] as const) {
    it(`is lost at its next renewal where two of three are ${fault}, and not only at its end`, async () => {
      const lock = await open();
      const lease = await standing(lock, TTL_MS, true);
      const lost = untilLost(lease);
      await Promise.all(masters.slice(1).map(play));
      await lost;

      expect(lease.isValid()).to.equal(false);
      // At its end the reason would be that its ttl has passed.
      expect(lease.signal.reason).to.include({ code: 'LOCK_LOST' });
      expect(String(lease.signal.reason)).to.include('the masters do not hold it any more');
      await until(isNowhere, 'what the third had is taken back');
      expect(await masters[0]?.command('EXISTS', 'key')).to.equal(0);
    });
  }

  it('is lost by its own timer at the end of its validity where all of them hang', async () => {
    const lock = await open();
    const lease = await standing(lock, TTL_MS, true);
    await Promise.all(masters.map((master) => master.pause()));
    const startedMs = performance.now();
    const leftMs = lease.remaining();
    let lostMs = Infinity;
    // The lease itself must not be looked at: that is another way to find out.
    const { signal } = lease;
    signal.addEventListener('abort', () => (lostMs = performance.now() - startedMs));
    expect(signal.aborted).to.equal(false);
    // Timers run in their order, however late they are.
    await new Promise((resolve) => setTimeout(resolve, leftMs + 200));

    expect(signal.aborted).to.equal(true);
    expect(lostMs).to.be.at.least(leftMs - 1);
    expect(lease.isValid()).to.equal(false);
    expect((await lease.release()).kind).to.equal('expired');
    await Promise.all(masters.map((master) => master.resume()));
    await until(() => isReady(lock), 'all are back');
    await until(isNowhere, 'no master has it');
  });

  it('is renewed after all where nobody could say, once the masters are back in time', async () => {
    const lock = await open();
    const lease = await standing(lock, TTL_MS, true);
    await Promise.all(masters.slice(1).map((master) => master.pause()));
    // Nobody but its renewal asks them anything.
    const away = (): number => lock.getStatus().masters.filter(({ state }) => state === 'away').length;
    await until(() => away() === 2, 'their silence is noticed');
    const leftMs = lease.remaining();
    await Promise.all(masters.map((master) => master.resume()));
    await until(() => lease.remaining() > leftMs, 'it is renewed');

    expect(isLost(lease)).to.equal(false);
    expect((await lease.release()).kind).to.equal('released');
    await until(() => isReady(lock), 'all are back');
    await until(isNowhere, 'no master has it');
  });

  it('is held for as long as it was where too few could say, and extended when they can', async () => {
    const lock = await open();
    const lease = await standing(lock, LONG);
    await Promise.all(masters.slice(1).map((master) => master.pause()));
    await thrownBy(lease.extend(2 * LONG), ConnectionException, 'NO_QUORUM');
    expect(lease.remaining()).to.be.within(LONG - 10_000, LONG);
    await Promise.all(masters.map((master) => master.resume()));
    await until(() => isReady(lock), 'all are back');
    await lease.extend(2 * LONG);

    expect(lease.remaining()).to.be.above(LONG);
    expect((await lease.release()).kind).to.equal('released');
    await until(isNowhere, 'no master has it');
  });

  it('whose hold ends during an extension is given back by a close that comes before the answers', async () => {
    const lock = await openThroughProxies();
    const lease = await standing(lock, TTL_MS);
    for (const proxy of proxies.slice(1)) proxy.hold('up');
    const extending = thrownBy(lease.extend(LONG), ConflictException, 'LOCK_LOST');
    await until(async () => Number(await masters[0]?.command('PTTL', 'key')) > LONG / 2, 'one has run it');
    await until(() => !lease.isValid(), 'its hold has ended');
    const closing = lock.close('123');
    for (const proxy of proxies.slice(1)) {
      proxy.refuse();
      proxy.cut();
    }
    await closing;
    await extending;

    expect(await masters[0]?.command('EXISTS', 'key')).to.equal(0);
  });

  it('of which one has run an extension that was undecided is given back there at the end of its hold', async () => {
    const lock = await openThroughProxies();
    const lease = await standing(lock, TTL_MS);
    for (const proxy of proxies.slice(1)) proxy.hold('up');
    const extending = thrownBy(lease.extend(LONG), ConnectionException, 'NO_QUORUM');
    await until(async () => Number(await masters[0]?.command('PTTL', 'key')) > LONG / 2, 'one has run it');
    for (const proxy of proxies.slice(1)) {
      proxy.refuse();
      proxy.cut();
    }
    await extending;
    expect(await masters[0]?.command('PTTL', 'key')).to.be.above(LONG / 2);
    await until(async () => (await masters[0]?.command('EXISTS', 'key')) === 0, 'it was given back');
  });

  it('that is released while an extension is under way stands nowhere afterwards', async () => {
    const lock = await openThroughProxies();
    const lease = await standing(lock, LONG);
    for (const proxy of proxies) proxy.hold('up');
    const extending = thrownBy(lease.extend(2 * LONG), InvalidStateException, 'NOT_HELD');
    const releasing = lease.release();
    for (const proxy of proxies) proxy.pass();

    expect((await releasing).kind).to.equal('released');
    await extending;
    await until(isNowhere, 'no master has it');
    expect(isLost(lease)).to.equal(false);
    expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(true);
  });

  it('is never an unhandled rejection, whoever looks and whoever does not', async () => {
    const lock = await open();
    const leases = await Promise.all(
      ['looked at', 'not looked at'].map((key) => lock.acquireLease('123', key, TTL_MS, { autoRenew: true })),
    );
    const { signal } = at(leases, 0);
    await Promise.all(masters.map((master) => master.kill()));
    void at(leases, 0)
      .extend(TTL_MS)
      .catch(() => {});
    await until(() => signal.aborted && !at(leases, 1).isValid(), 'both are lost');

    expect(lock.getStatus().held).to.equal(0);
  });

  it('is not adopted by answers that come after its ttl', async () => {
    const [lock, heir] = [await open(), await openThroughProxies()];
    const handedOver = (await standing(lock, TTL_MS)).handOver();
    for (const proxy of proxies) proxy.hold('down');
    const adopting = heir.adoptLease('123', handedOver).then(
      (lease) => lease.isValid(),
      (error: { readonly code?: string }) => error.code,
    );
    await until(isNowhere, 'it has run out');
    for (const proxy of proxies) proxy.pass();

    expect(await adopting).to.be.oneOf(['LOCK_LOST', 'NO_QUORUM']);
    expect(heir.getStatus().held).to.equal(0);
  });
});

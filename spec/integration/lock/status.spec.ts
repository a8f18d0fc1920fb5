import { expect } from 'chai';
import { inspect } from 'node:util';
import { ConflictException, ConnectionException } from 'pip-services4-commons-node';
import type { MasterStatus, RedisLock } from '../../../lib';
import type { Master } from '../../support/Master';
import { startMasters } from '../../support/masters';
import { until } from '../../support/until';
import { addressesOf, setForeignLock, thrownBy, useLocks } from './locks';

const LONG = 60_000;
const NODE_TIMEOUT_MS = 500;
const PASSWORD = 'zzhunter2zz';
const CLOSED = { isOpen: false, canLock: false, quorum: 0, masters: [], held: 0, waiters: 0 };

describe("A lock's status", () => {
  const locks = useLocks();
  let masters: readonly Master[] = [];

  before(async () => {
    masters = await startMasters(3, { args: ['--requirepass', PASSWORD] });
  });
  afterEach(async () => {
    await Promise.all(masters.map((master) => master.resume()));
    await Promise.all(masters.map((master) => master.start()));
    await Promise.all(masters.map((master) => master.command('FLUSHALL')));
  });
  after(async () => {
    await Promise.all(masters.map((master) => master.stop()));
  });

  const configOf = (options: object = {}): Readonly<Record<string, unknown>> => ({
    connections: addressesOf(masters),
    credential: { password: PASSWORD },
    options: { node_timeout: LONG, retry_timeout: 10, connect_timeout: LONG, ...options },
  });
  const create = (options: object = {}): RedisLock => locks.create(configOf(options));

  it('tells where a lock stands in its life', async () => {
    const lock = create();
    expect(lock.getStatus()).to.deep.equal(CLOSED);
    const opened = lock.open('123');
    expect(lock.getStatus()).to.deep.equal(CLOSED);
    await opened;
    expect(lock.getStatus()).to.include({ isOpen: true, canLock: true, quorum: 2, held: 0, waiters: 0 });
    const closed = lock.close('123');
    expect(lock.getStatus()).to.deep.equal(CLOSED);
    await closed;
    expect(lock.getStatus()).to.deep.equal(CLOSED);
  });

  it('counts what is held and who waits', async () => {
    const lock = create();
    await lock.open('123');
    await Promise.all(masters.map((master) => setForeignLock(master, 'taken')));
    const short = await lock.acquireLease('123', 'short', LONG);
    await lock.acquireLock('123', 'long', LONG);
    const waiting = thrownBy(lock.acquireLock('123', 'taken', LONG, 200), ConflictException, 'LOCK_TIMEOUT');
    expect(lock.getStatus()).to.include({ held: 2, waiters: 1 });
    await waiting;
    expect(lock.getStatus()).to.include({ held: 2, waiters: 0 });
    // It is over, soon or at once, however long the answer takes to be read.
    await short.extend(100).catch(() => {});
    await until(() => lock.getStatus().held === 1, 'one has run out');
    await lock.releaseLock('123', 'long');
    expect(lock.getStatus()).to.include({ held: 0, waiters: 0 });
  });

  it('tells of each master its address, state, round trip and last error', async () => {
    const lock = create();
    const openedMs = performance.now();
    await lock.open('123');
    await lock.acquireLock('123', 'key', LONG);
    const usedMs = performance.now() - openedMs;
    for (const [index, master] of lock.getStatus().masters.entries()) {
      expect(master).to.include({ address: `127.0.0.1:${masters[index]?.port}`, state: 'ready', lastError: null });
      expect(master.roundTripMs).to.be.above(0).and.below(usedMs);
    }
    await lock.close('123');
    lock.configure(configOf({ node_timeout: NODE_TIMEOUT_MS }));
    await lock.open('123');
    await until(() => lock.getStatus().masters.every(({ state }) => state === 'ready'), 'all are ready');
    const [dead, hung] = masters;
    await dead?.kill();
    await hung?.pause();
    await lock.tryAcquireLock('123', 'other', LONG).catch((error: unknown) => {
      expect(error).to.have.property('code', 'NO_QUORUM');
    });
    await until(
      () =>
        lock
          .getStatus()
          .masters.slice(0, 2)
          .every(({ state }) => state === 'away'),
      'two are away',
    );
    const [deadStatus, hungStatus, living] = lock.getStatus().masters;

    expect(deadStatus?.lastError).to.match(/^unreachable: /);
    // A third of the time for a connection that was idle.
    expect(hungStatus?.lastError).to.match(/^silent: no answer within (500|167) ms/);
    expect(living).to.include({ state: 'ready', lastError: null });
  });

  it('has the last error and its time until the master has its vote again', async () => {
    const lock = create({ restart_guard: 1_000 });
    const first = (): MasterStatus => lock.getStatus().masters[0] ?? expect.fail('there is no master');
    await lock.open('123');
    await until(() => first().state === 'ready', 'it is ready');
    expect(first()).to.include({ lastError: null, lastErrorAt: null });
    const beforeMs = Date.now();
    await masters[0]?.kill();
    await until(() => first().state === 'away', 'it is missed');

    const { lastError, lastErrorAt } = first();
    expect(lastError).to.match(/^unreachable: /);
    expect(new Date(lastErrorAt ?? '').toISOString()).to.equal(lastErrorAt);
    expect(Date.parse(lastErrorAt ?? '')).to.be.within(beforeMs, Date.now());
    await masters[0]?.start();
    await until(() => first().state === 'ready', 'it has its vote again');
    expect(first()).to.include({ lastError: null, lastErrorAt: null });
  });

  it('says whether a lock could be granted now', async () => {
    const lock = create({ restart_guard: LONG });
    const isReady = (): readonly boolean[] => [lock.isReady(), lock.getStatus().canLock];
    expect(isReady()).to.deep.equal([false, false]);
    await lock.open('123');
    await until(() => lock.getStatus().masters.every(({ state }) => state === 'ready'), 'all are ready');
    expect(isReady()).to.deep.equal([true, true]);
    const isIn = (state: string, index: number): Promise<void> =>
      until(() => lock.getStatus().masters[index]?.state === state, `master ${index} is ${state}`);
    await masters[0]?.kill();
    await isIn('away', 0);
    expect(isReady(), 'two of three').to.deep.equal([true, true]);
    await masters[1]?.kill();
    await isIn('away', 1);
    expect(isReady(), 'one of three').to.deep.equal([false, false]);
    await thrownBy(lock.tryAcquireLock('123', 'key', LONG), ConnectionException, 'NO_QUORUM');
    expect(lock.isOpen()).to.equal(true);
    await masters[1]?.start();
    await isIn('quarantined', 1);
    expect(isReady(), 'one in quarantine').to.deep.equal([false, false]);
    await lock.close('123');
    expect(isReady()).to.deep.equal([false, false]);
  });

  it('is a copy', async () => {
    const lock = create();
    await lock.open('123');
    (lock.getStatus().masters as unknown[]).length = 0;
    expect(lock.getStatus().masters).to.have.length(3);
  });

  it('shows no password and no token, nor does the lock or what it throws', async () => {
    const lock = create();
    const shown: string[] = [];
    const show = (...values: unknown[]): void => {
      for (const value of values) shown.push(inspect(value, { depth: 20, showHidden: true }), JSON.stringify(value));
    };
    show(lock);
    await lock.open('123');
    await lock.acquireLock('123', 'key', LONG);
    const token = String(await masters[0]?.command('GET', 'key'));
    const other = create();
    await other.open('123');
    const held = await thrownBy(other.acquireLock('123', 'key', LONG, 0), ConflictException, 'LOCK_TIMEOUT');
    show(lock, lock.getStatus(), held, held.message, held.stack, held.details);
    await Promise.all(masters.map((master) => master.kill()));
    await until(() => lock.getStatus().masters.every(({ state }) => state === 'away'), 'all are away');
    const lost = await thrownBy(lock.tryAcquireLock('123', 'other', LONG), ConnectionException, 'NO_QUORUM');
    const kept = await thrownBy(lock.releaseLock('123', 'key'), ConnectionException, 'NO_QUORUM');
    show(lock, lock.getStatus(), lost, lost.message, lost.stack, lost.details, kept, kept.message);
    await lock.close('123');
    lock.configure(configOf({ connect_timeout: 300 }));
    const down = await thrownBy(lock.open('123'), ConnectionException, 'NO_QUORUM');
    show(lock, down, down.message, down.details);

    expect(token).to.have.length.above(15);
    expect(shown.join('\n')).not.to.include(token).and.not.to.include('hunter2');
    expect(shown.join('\n')).to.include('127.0.0.1');
  });
});

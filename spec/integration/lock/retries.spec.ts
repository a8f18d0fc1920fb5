import { expect } from 'chai';
import { ConflictException, ConnectionException, InvalidStateException } from 'pip-services4-commons-node';
import { createSandbox, type SinonStub } from 'sinon';
import { Rounds } from '../../../lib/quorum/Rounds';
import type { RedisLock } from '../../../lib';
import type { Master } from '../../support/Master';
import { startMasters } from '../../support/masters';
import { until } from '../../support/until';
import { addressesOf, setForeignLock, thrownBy, useLocks } from './locks';

const LONG = 60_000;
/** Node warns of more than ten listeners. */
const WAITERS = 12;

describe("A lock's retries", () => {
  const sandbox = createSandbox();
  const locks = useLocks();
  let masters: readonly Master[] = [];

  before(async () => {
    masters = await startMasters(3);
  });
  beforeEach(async () => {
    await Promise.all(masters.map((master) => master.command('DEL', 'key')));
    await Promise.all(masters.map((master) => setForeignLock(master, 'key')));
  });
  afterEach(async () => {
    sandbox.restore();
    await Promise.all(masters.map((master) => master.resume()));
  });
  after(async () => {
    await Promise.all(masters.map((master) => master.stop()));
  });

  const open = (options: object): Promise<RedisLock> =>
    locks.open({
      connections: addressesOf(masters),
      // Nothing here may be woken ahead of its time.
      options: { retry_timeout: 5, retry_jitter: 0, node_timeout: LONG, notify: false, ...options },
    });

  /** Has each round wait for what the masters are to be by then, told by how many rounds there were before. */
  function beforeEachRound(prepare: (rounds: number) => Promise<unknown>): SinonStub {
    const acquire = sandbox.stub(Rounds.prototype, 'acquire');
    acquire.callsFake(async function (this: Rounds, ...args) {
      await prepare(acquire.callCount - 1);
      return acquire.wrappedMethod.apply(this, args);
    });
    return acquire;
  }

  const pauseMost = (): Promise<unknown> => Promise.all(masters.slice(1).map((master) => master.pause()));
  const resumeAll = async (lock: RedisLock): Promise<void> => {
    await Promise.all(masters.map((master) => master.resume()));
    await until(() => lock.getStatus().masters.every(({ state }) => state === 'ready'), 'all are ready');
  };

  /** How many rounds it took until the lock was given up as held by another, and for how long. */
  async function givenUp(lock: RedisLock, timeout?: number): Promise<{ rounds: number; tookMs: number }> {
    const spy = sandbox.spy(Rounds.prototype, 'acquire');
    const startedMs = performance.now();
    await thrownBy(lock.acquireLock('123', 'key', LONG, timeout), ConflictException, 'LOCK_TIMEOUT');
    return { rounds: spy.callCount, tookMs: performance.now() - startedMs };
  }

  for (const [retries, rounds] of [
    [undefined, 4],
    [0, 1],
    [1, 2],
    [7, 8],
  ] as const) {
    for (const notify of [false, true]) {
      const title = `make ${rounds} attempts for ${retries ?? 'the default'} retries without a timeout`;
      it(`${title}, ${notify ? 'and are woken' : 'and poll'}`, async () => {
        const lock = await open({ notify, ...(retries !== undefined && { retries }) });
        expect(await givenUp(lock)).to.include({ rounds });
      });
    }
  }

  it('have no end where they are -1', async () => {
    const lock = await open({ retries: -1 });
    const spy = sandbox.spy(Rounds.prototype, 'acquire');
    const acquired = lock.acquireLock('123', 'key', LONG);
    await until(() => spy.callCount > 10, 'ten attempts were made');
    await Promise.all(masters.map((master) => master.command('DEL', 'key')));
    await acquired;
    expect(lock.getStatus().held).to.equal(1);
  });

  it('are made for any number of callers at once, without a warning of their listeners', async () => {
    const lock = await open({ retries: -1, retry_timeout: 20 });
    const spy = sandbox.spy(Rounds.prototype, 'acquire');
    const warnings: Error[] = [];
    const listen = (warning: Error): void => void warnings.push(warning);
    process.on('warning', listen);
    try {
      const waits = Array.from({ length: WAITERS }, () =>
        thrownBy(lock.acquireLock('123', 'key', LONG), InvalidStateException, 'CLOSED'),
      );
      await until(
        () => lock.getStatus().waiters === WAITERS && spy.callCount > 2 * WAITERS,
        'all of them have waited for their next attempt',
      );
      await lock.close('123');
      await Promise.all(waits);
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      process.off('warning', listen);
    }
    expect(warnings.filter(({ name }) => name === 'MaxListenersExceededWarning')).to.deep.equal([]);
  });

  for (const [title, options] of [
    ['go on for as long as the timeout where their number is left open', {}],
    ['are not capped beside a timeout by -1', { retries: -1 }],
  ] as const) {
    it(title, async () => {
      const lock = await open(options);
      expect((await givenUp(lock, 150)).tookMs).to.be.at.least(149);
      sandbox.restore();
      const spy = sandbox.spy(Rounds.prototype, 'acquire');
      const acquired = lock.acquireLock('123', 'key', LONG, LONG);
      await until(() => spy.callCount > 10, 'ten attempts were made');
      await Promise.all(masters.map((master) => master.command('DEL', 'key')));
      await acquired;
    });
  }

  it('cap an acquire with a timeout where their number is set', async () => {
    for (const notify of [false, true]) {
      expect(await givenUp(await open({ retries: 2, notify }), LONG)).to.include({ rounds: 3 });
      sandbox.restore();
    }
  });

  it('are none with a timeout of 0, also without end', async () => {
    expect(await givenUp(await open({ retries: -1 }), 0)).to.include({ rounds: 1 });
  });

  it('wait for retry_timeout, and make a last attempt at the deadline', async () => {
    const paced = await givenUp(await open({ retries: 2, retry_timeout: 70 }));
    expect(paced.tookMs).to.be.at.least(139);
    sandbox.restore();
    for (const [notify, rounds] of [
      [false, 2],
      [true, 3],
    ] as const) {
      // Long enough for the first attempts to have been answered.
      const cut = await givenUp(await open({ retry_timeout: LONG, notify }), 2000);
      expect(cut.rounds).to.equal(rounds);
      expect(cut.tookMs).to.be.at.least(1999);
      sandbox.restore();
    }
  });

  it('are of no use to tryAcquireLock', async () => {
    const lock = await open({ retries: 5 });
    const spy = sandbox.spy(Rounds.prototype, 'acquire');
    expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(false);
    expect(spy.callCount).to.equal(1);
  });

  it('end with NO_QUORUM when that was true last', async () => {
    const lock = await open({ retries: 1, node_timeout: 150 });
    const rounds = beforeEachRound(async (before) => before === 1 && pauseMost());
    const thrown = await thrownBy(lock.acquireLock('123', 'key', LONG), ConnectionException, 'NO_QUORUM');
    expect(await rounds.firstCall.returnValue).to.include({ kind: 'taken' });
    expect(rounds.callCount).to.equal(2);

    expect(thrown.details.getAsString('key')).to.equal('key');
    const said = thrown.details.getAsString('masters');
    expect(said).to.include(`${masters[0]?.port}: `);
    for (const { port } of masters.slice(1)) expect(said).to.match(new RegExp(`${port}: (silent|unreach)`));
  });

  it('end with LOCK_TIMEOUT when that was true last', async () => {
    const lock = await open({ retries: 1, node_timeout: 150 });
    const rounds = beforeEachRound((before) => (before === 0 ? pauseMost() : resumeAll(lock)));
    await thrownBy(lock.acquireLock('123', 'key', LONG), ConflictException, 'LOCK_TIMEOUT');
    expect(await rounds.firstCall.returnValue).to.include({ kind: 'no-quorum' });
    expect(rounds.callCount).to.equal(2);
  });

  it('take the lock when a quorum comes back', async () => {
    await Promise.all(masters.map((master) => master.command('DEL', 'key')));
    const lock = await open({ node_timeout: 150 });
    const spy = sandbox.spy(Rounds.prototype, 'acquire');
    await pauseMost();
    // What the paused masters were sent they run when they go on: short, lest it be in the way for longer.
    const acquired = lock.acquireLock('123', 'key', 300, LONG);
    expect(await spy.firstCall.returnValue).to.include({ kind: 'no-quorum' });
    await Promise.all(masters.map((master) => master.resume()));
    await acquired;
  });
});

import { expect } from 'chai';
import { ConfigException, ConnectionException } from 'pip-services4-commons-node';
import type { RedisLock } from '../../../lib';
import type { Master } from '../../support/Master';
import { startMasters } from '../../support/masters';
import { until } from '../../support/until';
import { addressesOf, setForeignLock, standsOnNone, thrownBy, useLocks } from './locks';

const LONG = 60_000;

describe("A lock's quorum", () => {
  const locks = useLocks();
  let masters: readonly Master[] = [];

  before(async () => {
    masters = await startMasters(7);
  });
  afterEach(async () => {
    await Promise.all(masters.map((master) => master.start()));
    await Promise.all(masters.map((master) => master.command('FLUSHALL')));
  });
  after(async () => {
    await Promise.all(masters.map((master) => master.stop()));
  });

  const open = (size: number, quorum?: number): Promise<RedisLock> =>
    locks.open({
      connections: addressesOf(masters.slice(0, size)),
      // The same masters serve one set after another here: the restart guard would take that for a loss of memory.
      options: { retry_timeout: 10, restart_guard: 0, ...(quorum !== undefined && { quorum }) },
    });
  const kill = async (lock: RedisLock, count: number): Promise<void> => {
    await Promise.all(masters.slice(0, count).map((master) => master.kill()));
    const away = (): number => lock.getStatus().masters.filter(({ state }) => state === 'away').length;
    await until(() => away() === count, 'that is known');
  };
  /** What one try comes to. */
  async function outcome(lock: RedisLock): Promise<boolean | 'NO_QUORUM'> {
    try {
      return await lock.tryAcquireLock('123', 'key', LONG);
    } catch (error) {
      expect(error).to.be.instanceOf(ConnectionException).with.property('code', 'NO_QUORUM');
      return 'NO_QUORUM';
    }
  }

  for (const [size, quorum] of [
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 3],
    [5, 3],
    [6, 4],
    [7, 4],
  ] as const) {
    it(`is ${quorum} of ${size} masters, however the others fare`, async () => {
      const lock = await open(size);
      expect(lock.getStatus().quorum).to.equal(quorum);
      await kill(lock, size - quorum);
      await lock.acquireLock('123', 'held', LONG);
      await lock.releaseLock('123', 'held');
      await lock.acquireLock('123', 'held', LONG);
      await kill(lock, size - quorum + 1);

      expect(await outcome(lock)).to.equal('NO_QUORUM');
      await thrownBy(lock.releaseLock('123', 'held'), ConnectionException, 'NO_QUORUM');
      const living = masters.slice(size - quorum + 1, size);
      await until(() => standsOnNone(living, 'key'), 'nothing is left');
    });
  }

  it('is not needed to release a lock that has run out', async () => {
    const lock = await open(3);
    await lock.acquireLock('123', 'key', 50, LONG);
    await kill(lock, 3);
    await until(() => lock.getStatus().held === 0, 'it has run out');
    await lock.releaseLock('123', 'key');
  });

  it('settles a tie', async () => {
    for (const size of [2, 4, 6]) {
      const lock = await open(size);
      await Promise.all(masters.slice(0, size / 2).map((master) => setForeignLock(master, 'key')));
      expect(await outcome(lock)).to.equal(false);
      const others = masters.slice(size / 2, size);
      await until(() => standsOnNone(others, 'key'), 'nothing is left');
      await lock.close('123');
    }
  });

  it('is refused where enough masters answer and their votes are split', async () => {
    const lock = await open(3);
    await kill(lock, 1);
    await setForeignLock(masters[1] as Master, 'key');
    expect(await outcome(lock)).to.equal(false);
    await until(async () => (await masters[2]?.command('EXISTS', 'key')) === 0, 'the one grant is taken back');
  });

  it('may be all of the masters: one that is taken refuses', async () => {
    const lock = await open(3, 3);
    expect(lock.getStatus().quorum).to.equal(3);
    expect(await outcome(lock)).to.equal(true);
    await lock.releaseLock('123', 'key');
    await setForeignLock(masters[2] as Master, 'key');

    expect(await outcome(lock)).to.equal(false);
  });

  it('may be all of the masters: one that is dead leaves it open', async () => {
    const lock = await open(3, 3);
    await kill(lock, 1);
    expect(await outcome(lock)).to.equal('NO_QUORUM');
    await setForeignLock(masters[2] as Master, 'key');
    expect(await outcome(lock)).to.equal(false);
  });

  it('may be above the majority: it takes that many at open, too', async () => {
    const configOf = (connect_timeout: number): { connections: object; options: object } => ({
      connections: addressesOf(masters.slice(0, 5)),
      options: { quorum: 4, connect_timeout },
    });
    const lock = locks.create(configOf(LONG));
    await masters[0]?.kill();
    await lock.open('123');
    expect(await outcome(lock)).to.equal(true);
    await lock.close('123');
    await masters[1]?.kill();
    lock.configure(configOf(150));
    await thrownBy(lock.open('123'), ConnectionException, 'NO_QUORUM');
  });

  for (const [size, quorum] of [
    [3, 1],
    [3, 4],
    [4, 2],
    [2, 1],
  ] as const) {
    it(`cannot be ${quorum} of ${size}`, async () => {
      const thrown = await thrownBy(open(size, quorum), ConfigException, 'BAD_OPTION');
      const majority = Math.floor(size / 2) + 1;
      expect(thrown.message).to.include(`options.quorum is '${quorum}'`).and.include(`from ${majority} `);
    });
  }
});

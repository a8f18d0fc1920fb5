import { expect } from 'chai';
import { ConnectionException } from 'pip-services4-commons-node';
import type { RedisLock } from '../../../lib';
import { MARKER } from '../../../lib/master/marker';
import { addressesOf, thrownBy, useLocks } from '../../integration/lock/locks';
import { RedisServer } from '../../support/RedisServer';
import { until } from '../../support/until';

const LONG = 60_000;
const GUARD_MS = 60_000;

const NOW_MS = "local time = redis.call('time') local nowMs = time[1] * 1000 + time[2] / 1000";
const UNTIL_MS = "local untilMs = tonumber(redis.call('hget', KEYS[1], 'until'))";
/** What is left of a master's quarantine, by its own clock. */
const LEFT_MS = `${NOW_MS} ${UNTIL_MS} return math.ceil(math.max(0, untilMs - nowMs))`;
/** How long after its quarantine a master has granted a key; ARGV: the ttl. */
const GRANTED_AFTER_MS = `${NOW_MS} ${UNTIL_MS} return math.ceil(nowMs + redis.call('pttl', KEYS[2]) - ARGV[1] - untilMs)`;

describe('A master in quarantine', () => {
  const locks = useLocks();
  let servers: readonly RedisServer[] = [];

  before(async () => {
    servers = await Promise.all([0, 1, 2].map(() => RedisServer.start()));
  });
  beforeEach(async () => {
    await Promise.all(servers.map((server) => server.command('FLUSHALL')));
  });
  after(async () => {
    await Promise.all(servers.map((server) => server.stop()));
  });

  const open = (restartGuardMs = GUARD_MS): Promise<RedisLock> =>
    locks.open({ connections: addressesOf(servers), options: { restart_guard: restartGuardMs } });
  const quarantinesOf = (lock: RedisLock): readonly number[] =>
    lock.getStatus().masters.map(({ quarantineMs }) => quarantineMs);
  const serverAt = (index: number): RedisServer => servers[index] ?? expect.fail('there is no such server');
  /** Lets one master after the other forget, each once the one before is in quarantine. */
  const quarantine = async (lock: RedisLock, ...indexes: readonly number[]): Promise<void> => {
    for (const index of indexes) {
      await serverAt(index).restartEmpty();
      await until(() => lock.getStatus().masters[index]?.state === 'quarantined', `master ${index} is in quarantine`);
    }
  };

  it('has no vote, and the others outvote it', async () => {
    const lock = await open();
    expect(quarantinesOf(lock)).to.deep.equal([0, 0, 0]);
    await quarantine(lock, 0);
    expect(quarantinesOf(lock)[0]).to.be.within(GUARD_MS - 10_000, GUARD_MS);
    expect(quarantinesOf(lock).slice(1)).to.deep.equal([0, 0]);

    expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(true);
    await until(async () => (await serverAt(2).command('EXISTS', 'key')) === 1, 'the last master granted it');
    expect(await serverAt(0).command('EXISTS', 'key')).to.equal(0);
  });

  it('is named in a NO_QUORUM, and until when', async () => {
    const lock = await open();
    await quarantine(lock, 0, 2);
    const { details } = await thrownBy(lock.tryAcquireLock('123', 'key', LONG), ConnectionException, 'NO_QUORUM');

    for (const index of [0, 2]) {
      const name = `127.0.0.1:${serverAt(index).port}: quarantined \\(has lost its memory, and may vote in (\\d+) ms\\)`;
      const [, leftMs] = new RegExp(name).exec(details.getAsString('masters')) ?? [];
      expect(Number(leftMs)).to.be.within(GUARD_MS - 10_000, GUARD_MS);
    }
    expect(details.getAsString('masters').match(/quarantined/g)).to.have.length(2);
  });

  it('is seen as such by a lock that is opened then', async () => {
    await quarantine(await open(), 0, 1);
    const other = await open();
    expect(quarantinesOf(other)[0]).to.be.within(1, GUARD_MS);
    expect(quarantinesOf(other)[1]).to.be.within(1, GUARD_MS);
    expect(quarantinesOf(other)[2]).to.equal(0);
    await thrownBy(other.tryAcquireLock('123', 'key', LONG), ConnectionException, 'NO_QUORUM');
  });

  it('gets its vote back by itself, and not before', async () => {
    const ttlMs = 3000;
    const lock = await open(ttlMs);
    await quarantine(lock, 0, 1);
    // The first one to be quarantined makes a quorum together with the third.
    const leftMs = async (): Promise<number> => Number(await serverAt(0).command('EVAL', LEFT_MS, 1, MARKER));
    const attempt = (): Promise<boolean> =>
      lock.tryAcquireLock('123', 'key', ttlMs).catch((error: unknown) => {
        expect(error).to.include({ code: 'NO_QUORUM' });
        return false;
      });
    let refusals = 0;
    for (let isOver = false; !isOver;) {
      isOver = (await leftMs()) === 0;
      const isHeld = await attempt();
      if (!isHeld) refusals += 1;
      if (isOver) expect(isHeld, 'the first attempt behind its quarantine').to.equal(true);
      if (isHeld) expect(await leftMs(), 'what was left of its quarantine').to.equal(0);
      isOver = isHeld;
    }
    expect(refusals).to.be.above(0);
    await until(async () => (await serverAt(0).command('EXISTS', 'key')) === 1, 'it has granted it');
    const sinceMs = Number(await serverAt(0).command('EVAL', GRANTED_AFTER_MS, 2, MARKER, 'key', ttlMs));
    expect(sinceMs, 'from the end of its quarantine to its grant').to.be.at.least(-1);

    await until(() => quarantinesOf(lock).every((ms) => ms === 0), 'all quarantines are over');
    expect(await lock.tryAcquireLock('123', 'another key', ttlMs)).to.equal(true);
    for (const server of servers) {
      await until(async () => (await server.command('EXISTS', 'another key')) === 1, 'each master votes');
    }
  });

  it('stays there for the longest guard that any marker names', async () => {
    const cautious = await open(GUARD_MS);
    await cautious.close('123');
    const lock = await open(500);
    await quarantine(lock, 1);
    expect(quarantinesOf(lock)[1]).to.be.within(GUARD_MS - 10_000, GUARD_MS);
  });

  it('stays there when it comes back again, and when it is connected to anew', async () => {
    const lock = await open();
    await quarantine(lock, 0);
    await serverAt(0).restartEmpty();
    await until(async () => (await serverAt(0).command('HEXISTS', 'redlock:guard', 'run')) === 1, 'it is marked again');
    await serverAt(0).command('CLIENT', 'KILL', 'TYPE', 'normal');
    await until(() => lock.getStatus().masters[0]?.state !== 'quarantined', 'the end of the connection is noticed');
    await until(() => lock.getStatus().masters[0]?.state === 'quarantined', 'it is connected to anew');
    expect(quarantinesOf(lock)[0]).to.be.within(GUARD_MS - 10_000, GUARD_MS);
  });

  it('lets go of what is released', async () => {
    const lock = await open();
    await quarantine(lock, 0);
    await lock.acquireLock('123', 'key', LONG);
    const token = String(await serverAt(1).command('GET', 'key'));
    await serverAt(0).command('SET', 'key', token, 'PX', LONG);
    await lock.releaseLock('123', 'key');
    await until(async () => (await serverAt(0).command('EXISTS', 'key')) === 0, 'the release reaches it');
  });
});

import { expect } from 'chai';
import { ConnectionException } from 'pip-services4-commons-node';
import { RedisLock } from '../../../lib';
import { addressesOf, thrownBy, useLocks, useMasters, useProxies } from '../../integration/lock/locks';
import { MasterConnection } from '../../support/MasterConnection';
import type { Master } from '../../support/Master';
import { startMasters } from '../../support/masters';
import { until } from '../../support/until';

const LONG = 60_000;
const NODE_TIMEOUT_MS = 300;
/** What a call may take on top of the silence that it has to wait for. */
const SLACK_MS = 100;
/** What a call may take that has nothing to wait for. */
const KNOWN_MS = 5;
const CALLS = 100;

const BUSY_FOR_350_MS = `
local function now()
  local time = redis.call('time')
  return time[1] * 1000 + time[2] / 1000
end
local untilMs = now() + 350
repeat until now() > untilMs
`;

/** A turn of the loop that takes so long. */
function block(forMs: number): void {
  const startedMs = performance.now();
  while (performance.now() - startedMs < forMs);
}

const refusalOf = async (lock: RedisLock): Promise<{ readonly message: string; readonly tookMs: number }> => {
  const startedMs = performance.now();
  const { details } = await thrownBy(lock.tryAcquireLock('123', 'key', LONG), ConnectionException, 'NO_QUORUM');
  return { message: details.getAsString('masters'), tookMs: performance.now() - startedMs };
};
const medianOf = async (call: () => Promise<number>): Promise<number> => {
  const times: number[] = [];
  while (times.length < CALLS) times.push(await call());
  return times.sort((one, other) => one - other)[CALLS / 2] ?? Infinity;
};
const backMs = async (lock: RedisLock): Promise<number> => {
  const startedMs = performance.now();
  await until(() => lock.tryAcquireLock('123', 'key', LONG).catch(() => false), 'a lock can be had again', 2000);
  return performance.now() - startedMs;
};
const everyReady = (lock: RedisLock): boolean => lock.getStatus().masters.every(({ state }) => state === 'ready');

describe('A silent master', () => {
  const locks = useLocks();
  const masters = useMasters(3);
  const proxies = useProxies(masters);

  const open = (options: object = {}, connections: readonly object[] = addressesOf(masters)): Promise<RedisLock> =>
    locks.open({ connections, options: { node_timeout: NODE_TIMEOUT_MS, ...options } });
  const openThroughProxies = (): Promise<RedisLock> => open({}, addressesOf(proxies));

  it('is not one that this process has kept waiting: what it is to be asked is sent at the end of the turn', async () => {
    const lock = await open({ node_timeout: 200 });
    const others = await Promise.all(masters.map((master) => MasterConnection.open(master)));
    const acquire = (index: number): Promise<boolean> => lock.tryAcquireLock('123', `key ${index}`, LONG);
    // The first two are written at once. What is written after a turn of 250 ms is answered 100 ms later.
    const acquiring = [acquire(0), acquire(1)];
    block(50);
    const busy = others.map((other) => other.call('EVAL', BUSY_FOR_350_MS, 0));
    for (let index = 2; index < 20; index += 1) acquiring.push(acquire(index));
    block(200);

    expect(await Promise.all(acquiring)).to.eql(Array(20).fill(true));
    expect(lock.getStatus().masters.map(({ lastError }) => lastError)).to.eql([null, null, null]);
    await Promise.all(busy);
    for (const other of others) other.close();
  });

  it('is not waited for while the others are a quorum', async () => {
    const lock = await open();
    await masters[0]?.pause();
    const pairMs = async (): Promise<number> => {
      const startedMs = performance.now();
      await lock.acquireLock('123', 'key', LONG);
      await lock.releaseLock('123', 'key');
      return performance.now() - startedMs;
    };

    expect(await pairMs()).to.be.below(SLACK_MS);
    expect(await medianOf(pairMs)).to.be.below(KNOWN_MS);
    await until(() => lock.getStatus().masters[0]?.state === 'away', 'its silence is noticed');
    expect(lock.getStatus().masters[0]?.lastError).to.equal(`silent: no answer within ${NODE_TIMEOUT_MS} ms`);
    expect(await medianOf(pairMs)).to.be.below(KNOWN_MS);
  });

  it('is waited for once where no quorum is left without it', async () => {
    const lock = await open();
    await Promise.all(masters.slice(1).map((master) => master.pause()));
    const { message, tookMs } = await refusalOf(lock);

    expect(tookMs).to.be.within(NODE_TIMEOUT_MS - 1, NODE_TIMEOUT_MS + SLACK_MS);
    for (const { port } of masters.slice(1)) {
      expect(message).to.include(`127.0.0.1:${port}: silent (no answer within ${NODE_TIMEOUT_MS} ms)`);
    }
    expect(await medianOf(async () => (await refusalOf(lock)).tookMs)).to.be.below(KNOWN_MS);
  });

  it('is one that lets its answer trickle in byte by byte', async () => {
    const lock = await openThroughProxies();
    // Never a silence of node_timeout, and an answer that takes several times that.
    for (const proxy of proxies.slice(1)) proxy.trickle(NODE_TIMEOUT_MS * 0.8);
    const { message, tookMs } = await refusalOf(lock);

    expect(tookMs).to.be.within(NODE_TIMEOUT_MS - 1, NODE_TIMEOUT_MS + SLACK_MS);
    expect(message.match(/: silent \(/g)).to.have.length(2);
    expect((await refusalOf(lock)).tookMs).to.be.below(SLACK_MS);
    for (const proxy of proxies) proxy.pass();
    expect(await backMs(lock)).to.be.below(1000);
  });

  it('is one that is busy with a slow script of somebody else', async () => {
    const lock = await open();
    const others = await Promise.all(masters.slice(1).map((master) => MasterConnection.open(master)));
    const run = (other: MasterConnection, turns: number): Promise<unknown> =>
      other.call('EVAL', 'for turn = 1, ARGV[1] do end return ARGV[1]', 0, turns);
    try {
      const startedMs = performance.now();
      await Promise.all(others.map((other) => run(other, 5_000_000)));
      const turns = Math.ceil((3 * NODE_TIMEOUT_MS * 5_000_000) / (performance.now() - startedMs));
      // A master reads what came first first.
      const scripts = others.map((other) => run(other, turns));
      const { message, tookMs } = await refusalOf(lock);

      expect(tookMs).to.be.within(NODE_TIMEOUT_MS - 1, NODE_TIMEOUT_MS + SLACK_MS);
      expect(message.match(/: silent \(/g)).to.have.length(2);
      expect(await Promise.all(scripts)).to.deep.equal([String(turns), String(turns)]);
      expect(await backMs(lock)).to.be.below(1000);
    } finally {
      for (const other of others) other.close();
    }
  });
});

describe('A silent master that was away for long', () => {
  /** So long that several attempts to connect fail, and the pauses between them grow to their longest. */
  const LONG_AWAY_MS = 1600;
  const sets: { readonly masters: readonly Master[]; readonly lock: RedisLock }[] = [];

  const isAway = (lock: RedisLock): boolean =>
    lock.getStatus().masters.filter(({ state }) => state === 'away').length === 2;
  const setAt = (index: number) => sets.at(index) ?? expect.fail('there is no such set');

  // Of one set two are hung, of the other two are dead, and both are away at the same time: that is what takes long.
  before(async () => {
    for (const masters of await Promise.all([startMasters(3), startMasters(3)])) {
      const lock = new RedisLock();
      sets.push({ masters, lock });
      // What came back empty would be in quarantine.
      const options = { node_timeout: NODE_TIMEOUT_MS, restart_guard: 0 };
      lock.configure({ connections: addressesOf(masters), options });
      await lock.open(null);
    }
    const [hung, dead] = [setAt(0), setAt(1)];
    await Promise.all(dead.masters.slice(1).map((master) => master.kill()));
    await until(() => isAway(dead.lock), 'that is noticed');
    expect((await refusalOf(dead.lock)).message).to.match(
      /unreachable \((the connection was closed|connect ECONNREFUSED)/,
    );
    expect(await medianOf(async () => (await refusalOf(dead.lock)).tookMs)).to.be.below(KNOWN_MS);
    await Promise.all(hung.masters.slice(1).map((master) => master.pause()));
    await refusalOf(hung.lock);
    const awayMs = performance.now();
    await until(() => performance.now() - awayMs > LONG_AWAY_MS, 'they have been away for long');
  });
  after(async () => {
    await Promise.all(sets.map(({ lock }) => lock.close(null)));
    await Promise.all(sets.flatMap(({ masters }) => masters.map((master) => master.stop())));
  });

  it('is back within a second of its return', async () => {
    const { masters, lock } = setAt(0);
    expect(isAway(lock)).to.equal(true);
    await Promise.all(masters.map((master) => master.resume()));

    expect(await backMs(lock)).to.be.below(1000);
    await until(() => everyReady(lock), 'every master is ready', 1000);
  });

  it('is back within a second of its return also when it was dead', async () => {
    const { masters, lock } = setAt(1);
    expect(isAway(lock)).to.equal(true);
    await Promise.all(masters.map((master) => master.start()));

    expect(await backMs(lock)).to.be.below(1000);
  });
});

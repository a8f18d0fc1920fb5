import { expect } from 'chai';
import { ConnectionException } from 'pip-services4-commons-node';
import { RedisLock } from '../../../lib';
import { addressesOf, thrownBy, useLocks, useMasters, useProxies } from '../../integration/lock/locks';
import { MasterConnection } from '../../support/MasterConnection';
import type { Master } from '../../support/Master';
import { startMasters } from '../../support/masters';
import { AwakeClock, timed } from '../../support/AwakeClock';
import { until } from '../../support/until';

const LONG = 60_000;
const NODE_TIMEOUT_MS = 300;
/** What a call may take on top of the silence that it has to wait for. */
const SLACK_MS = 100;
/** How many times as long a call may take as one that reaches as many masters, none of which is silent. */
const TIMES = 5;
const CALLS = 100;
/** Of a connection that was idle: it is given a third of the time for its first answer. */
const SILENT = `silent \\(no answer within (?:${NODE_TIMEOUT_MS}|${NODE_TIMEOUT_MS / 3}) ms\\)`;

const BUSY = `
local function now()
  local time = redis.call('time')
  return time[1] * 1000 + time[2] / 1000
end
local untilMs = now() + ARGV[1]
repeat until now() > untilMs
`;

/** A turn of the loop that takes so long. */
function block(forMs: number): void {
  const startedMs = performance.now();
  while (performance.now() - startedMs < forMs);
}

interface Refusal {
  readonly message: string;
  /** By the clock of the machine: at least so long it has waited. */
  readonly tookMs: number;
  /** By that of the process: no longer than so it has waited. */
  readonly awakeMs: number;
}

const refusalOf = async (lock: RedisLock): Promise<Refusal> => {
  const startedMs = performance.now();
  const { value, awakeMs } = await timed(() =>
    thrownBy(lock.tryAcquireLock('123', 'key', LONG), ConnectionException, 'NO_QUORUM'),
  );
  return { message: value.details.getAsString('masters'), tookMs: performance.now() - startedMs, awakeMs };
};
const expectOneTimeout = ({ message, tookMs, awakeMs }: Refusal): void => {
  expect(tookMs).to.be.at.least(NODE_TIMEOUT_MS - 1);
  expect(awakeMs).to.be.below(NODE_TIMEOUT_MS + SLACK_MS);
  expect(message.match(/: silent \(/g)).to.have.length(2);
};
const pair = async (lock: RedisLock, key = 'key'): Promise<void> => {
  await lock.acquireLock('123', key, LONG);
  await lock.releaseLock('123', key);
};
const medianOf = (times: readonly number[]): number =>
  [...times].sort((one, other) => one - other)[times.length / 2] ?? Infinity;
/** That one call takes no longer than another one, by turns: whatever holds up the machine holds up both. */
const expectAsQuick = async (one: () => Promise<unknown>, other: () => Promise<unknown>): Promise<void> => {
  const timesOf: readonly [number[], number[]] = [[], []];
  for (let call = 0; call < 2 * CALLS; call += 1) {
    const startedMs = performance.now();
    await (call % 2 === 0 ? one : other)();
    timesOf[call % 2]?.push(performance.now() - startedMs);
  }
  expect(medianOf(timesOf[0])).to.be.below(TIMES * medianOf(timesOf[1]));
};
const backMs = async (lock: RedisLock): Promise<number> => {
  const isBack = () => lock.tryAcquireLock('123', 'key', LONG).catch(() => false);
  return (await timed(() => until(isBack, 'a lock can be had again'))).awakeMs;
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
    const lock = await open({ node_timeout: 1000 });
    const others = await Promise.all(masters.map((master) => MasterConnection.open(master)));
    const acquire = (index: number): Promise<boolean> => lock.tryAcquireLock('123', `key ${index}`, LONG);
    // The first two are written at once. What is written after a turn of 1000 ms is answered 350 ms later.
    const acquiring = [acquire(0), acquire(1)];
    block(250);
    const busy = others.map((other) => other.call('EVAL', BUSY, 0, 1100));
    for (let index = 2; index < 20; index += 1) acquiring.push(acquire(index));
    block(750);

    expect(await Promise.all(acquiring)).to.eql(Array(20).fill(true));
    expect(lock.getStatus().masters.map(({ lastError }) => lastError)).to.eql([null, null, null]);
    await Promise.all(busy);
    for (const other of others) other.close();
  });

  it('is not waited for while the others are a quorum', async () => {
    const well = await open({ node_timeout: LONG }, addressesOf(masters.slice(1)));
    // One would wait for it for longer than a test lasts, the other one finds it out.
    const [patient, lock] = [await open({ node_timeout: LONG }), await open()];
    await masters[0]?.pause();
    await expectAsQuick(
      () => pair(patient),
      () => pair(well, 'another key'),
    );
    // Its connection was not given up.
    expect(patient.getStatus().masters.map(({ state }) => state)).not.to.include('away');

    await pair(lock);
    await until(() => lock.getStatus().masters[0]?.state === 'away', 'its silence is noticed');
    expect(lock.getStatus().masters[0]?.lastError).to.match(/^silent: no answer within \d+ ms$/);
    await expectAsQuick(
      () => pair(lock),
      () => pair(well, 'another key'),
    );
    await masters[0]?.resume();
  });

  it('is waited for once where no quorum is left', async () => {
    const [lock, well] = [await open(), await open({}, addressesOf(masters.slice(0, 1)))];
    await Promise.all(masters.slice(1).map((master) => master.pause()));
    const refusal = await refusalOf(lock);

    expectOneTimeout(refusal);
    for (const { port } of masters.slice(1))
      expect(refusal.message).to.match(new RegExp(`127\\.0\\.0\\.1:${port}: ${SILENT}`));
    await expectAsQuick(
      () => refusalOf(lock),
      () => timed(() => pair(well, 'another key')),
    );
  });

  it('is one that lets its answer trickle in byte by byte', async () => {
    const lock = await openThroughProxies();
    // Never a silence of node_timeout, and an answer that takes several times that.
    for (const proxy of proxies.slice(1)) proxy.trickle(NODE_TIMEOUT_MS * 0.8);

    expectOneTimeout(await refusalOf(lock));
    expect((await refusalOf(lock)).awakeMs).to.be.below(SLACK_MS);
    for (const proxy of proxies) proxy.pass();
    expect(await backMs(lock)).to.be.below(1000);
  });

  it('is one that is busy with a slow script of somebody else', async () => {
    const lock = await open();
    const others = await Promise.all(masters.slice(1).map((master) => MasterConnection.open(master)));
    try {
      // A connection stands here before the master has taken it, and reads from it.
      await Promise.all(others.map((other) => other.call('PING')));
      // A master reads what came first first. They run for longer than this process may stand still.
      const scripts = others.map((other) => other.call('EVAL', BUSY, 0, 10 * NODE_TIMEOUT_MS));

      expectOneTimeout(await refusalOf(lock));
      expect(await Promise.all(scripts), 'they have run to their end').to.eql([null, null]);
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
    const well = new RedisLock();
    well.configure({ connections: addressesOf(dead.masters.slice(0, 1)) });
    await well.open(null);
    await expectAsQuick(
      () => refusalOf(dead.lock),
      () => timed(() => pair(well, 'another key')),
    );
    await well.close(null);
    await Promise.all(hung.masters.slice(1).map((master) => master.pause()));
    await refusalOf(hung.lock);
    const clock = new AwakeClock();
    await until(() => clock.ms > LONG_AWAY_MS, 'they have been away for long');
    clock.stop();
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
    await until(() => everyReady(lock), 'every master is ready');
  });

  it('is back within a second of its return also when it was dead', async () => {
    const { masters, lock } = setAt(1);
    expect(isAway(lock)).to.equal(true);
    await Promise.all(masters.map((master) => master.start()));

    expect(await backMs(lock)).to.be.below(1000);
  });
});

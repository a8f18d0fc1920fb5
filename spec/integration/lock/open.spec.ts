import { expect } from 'chai';
import { ConfigException, ConnectionException } from 'pip-services4-commons-node';
import type { RedisLock } from '../../../lib';
import { awakeMs } from '../../support/AwakeClock';
import type { Master } from '../../support/Master';
import { until } from '../../support/until';
import { addressesOf, standsOnAll, thrownBy, useLocks, useMasters } from './locks';

const LONG = 60_000;
/** What a busy machine may add to a time that is waited for. */
const SLACK_MS = 400;

describe("A lock's open", () => {
  const locks = useLocks();
  const masters = useMasters(3);

  const create = (options: object = {}): RedisLock =>
    locks.create({ connections: addressesOf(masters), options: { node_timeout: 200, restart_guard: 0, ...options } });
  const statesOf = (lock: RedisLock): readonly string[] => lock.getStatus().masters.map(({ state }) => state);
  /** The clients of a master, without the one that asks. */
  const clientsOf = async (master: Master | undefined): Promise<number> =>
    String(await master?.command('CLIENT', 'LIST'))
      .trim()
      .split('\n').length - 1;

  it('waits for all masters that answer', async () => {
    for (let round = 0; round < 20; round++) {
      const lock = create({ node_timeout: LONG, connect_timeout: LONG });
      await lock.open('123');
      expect(statesOf(lock)).to.deep.equal(['ready', 'ready', 'ready']);
    }
  });

  it('resolves with a dead minority, which joins later by itself', async () => {
    await masters[0]?.kill();
    const lock = create({ node_timeout: LONG, connect_timeout: LONG });
    await lock.open('123');
    expect(lock.isOpen()).to.equal(true);
    expect(statesOf(lock)).to.deep.equal(['away', 'ready', 'ready']);
    await lock.acquireLock('123', 'before', LONG);
    await masters[0]?.start();
    await until(() => statesOf(lock)[0] === 'ready', 'it has joined');

    await lock.acquireLock('123', 'after', LONG);
    await until(() => standsOnAll(masters, 'after'), 'the lock stands there too');
  });

  it('is delayed by a hung minority for no more than node_timeout', async () => {
    await masters[0]?.pause();
    const lock = create({ connect_timeout: LONG });
    const startedMs = performance.now();
    expect(await awakeMs(() => lock.open('123'))).to.be.below(200 + SLACK_MS);

    expect(performance.now() - startedMs).to.be.at.least(190);
    expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(true);
    await masters[0]?.resume();
    await until(() => statesOf(lock)[0] === 'ready', 'it has joined');
  });

  it('throws NO_QUORUM within connect_timeout, naming each master and its error', async () => {
    await masters[0]?.kill();
    await masters[1]?.pause();
    // Long enough for those that answer to do so before a process that is stopped meanwhile.
    const lock = create({ connect_timeout: 2500 });
    const startedMs = performance.now();
    const failed = thrownBy(lock.open('123'), ConnectionException, 'NO_QUORUM');
    expect(await awakeMs(() => failed)).to.be.below(2500 + SLACK_MS);
    const thrown = await failed;

    expect(performance.now() - startedMs).to.be.at.least(2490);
    const [dead, hung, ready] = masters.map(({ port }) => `127.0.0.1:${port}`);
    for (const text of [thrown.message, thrown.details.getAsString('masters')]) {
      expect(text).to.match(new RegExp(`${dead}: unreachable \\([^)]*ECONNREFUSED`));
      expect(text).to.match(new RegExp(`${hung}: silent \\([^)]*200 ms`));
      expect(text).to.include(`${ready}: ready`);
    }
    expect(thrown.message).to.include('1 of 3 masters could vote, and the quorum is 2');
  });

  it('names masters that have not answered yet', async () => {
    await Promise.all(masters.map((master) => master.pause()));
    const lock = create({ connect_timeout: 50, node_timeout: LONG });
    const thrown = await thrownBy(lock.open('123'), ConnectionException, 'NO_QUORUM');

    const said = thrown.details.getAsString('masters');
    for (const { port } of masters) expect(said).to.include(`127.0.0.1:${port}: no answer yet`);
  });

  it('leaves nothing behind when it fails, and can be called again', async () => {
    await Promise.all(masters.slice(1).map((master) => master.kill()));
    const before = timers();
    const lock = create({ connect_timeout: 100 });
    await thrownBy(lock.open('123'), ConnectionException, 'NO_QUORUM');

    await until(() => timers() <= before, 'no timer is left', 50);
    expect(lock.isOpen()).to.equal(false);
    expect(lock.getStatus().masters).to.deep.equal([]);
    await until(async () => (await clientsOf(masters[0])) === 0, 'the living master has no client');
    await Promise.all(masters.map((master) => master.start()));
    await lock.open('123');
    expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(true);
  });

  it('is done once, however often it is called', async () => {
    const lock = create({ node_timeout: LONG, connect_timeout: LONG });
    await Promise.all([lock.open('123'), lock.open('123'), lock.open('123')]);
    await lock.acquireLock('123', 'key', LONG);
    await lock.open('123');

    expect(lock.getStatus().held).to.equal(1);
    expect(await Promise.all(masters.map(clientsOf))).to.deep.equal([1, 1, 1]);
  });

  it('has one outcome for all who wait for it, a failure too', async () => {
    await Promise.all(masters.slice(1).map((master) => master.kill()));
    const lock = create({ connect_timeout: 100 });
    const failures = [lock.open('123'), lock.open('123')].map((opened) =>
      thrownBy(opened, ConnectionException, 'NO_QUORUM'),
    );
    const [one, other] = await Promise.all(failures);

    expect(one).to.equal(other);
  });

  it('refuses a configuration without a connection, and takes a better one', async () => {
    const lock = locks.create({});
    await thrownBy(lock.open('123'), ConfigException, 'NO_CONNECTION');
    expect(lock.isOpen()).to.equal(false);
    lock.configure({ connections: addressesOf(masters) });
    await lock.open('123');
    expect(lock.isOpen()).to.equal(true);
  });
});

function timers(): number {
  return process.getActiveResourcesInfo().filter((type) => type === 'Timeout').length;
}

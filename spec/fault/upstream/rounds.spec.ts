import { expect } from 'chai';
import { Redis } from 'ioredis';
import type { ApplicationException } from 'pip-services4-commons-node';
import Redlock, { ExecutionError, type Lock as UpstreamLock } from 'redlock';
import { Descriptor, RedisLock, References } from '../../../lib';
import type { Master } from '../../support/Master';
import { startMasters } from '../../support/masters';
import { TcpProxy } from '../../support/TcpProxy';
import { until } from '../../support/until';

const TTL_MS = 10_000;
const ANOTHERS = 'the token of another';
/** Long enough for a spec to look at the masters between two tries, on a busy machine as well. */
const PAUSE_MS = 2500;

describe('The rounds of redlock, and those of the lock', () => {
  let masters: readonly Master[];
  let proxies: readonly TcpProxy[];
  let clients: Redis[];
  let locks: RedisLock[];

  const master = (index: number): Master => masters[index] as Master;
  const proxy = (index: number): TcpProxy => proxies[index] as TcpProxy;
  const has = async (index: number, key = 'key'): Promise<boolean> =>
    (await master(index).command('EXISTS', key)) === 1;
  const all = [0, 1, 2] as const;

  /** redlock alone, over real masters and plain clients. */
  async function redlockOn(indexes: readonly number[], settings = {}): Promise<Redlock> {
    const used = indexes.map((index) => new Redis({ host: '127.0.0.1', port: proxy(index).port }));
    clients.push(...used);
    await Promise.all(used.map((client) => client.ping()));
    return new Redlock(used, { retryCount: 0, retryDelay: PAUSE_MS, retryJitter: 0, ...settings });
  }

  async function lockOn(indexes: readonly number[], options = {}, onRefused = (): void => {}): Promise<RedisLock> {
    const counters = { incrementOne: (name: string) => name === 'redlock.refused' && onRefused(), stats: () => {} };
    const lock = new RedisLock();
    locks.push(lock);
    lock.configure({
      connections: indexes.map((index) => ({ host: '127.0.0.1', port: proxy(index).port })),
      options: { node_timeout: 5000, retry_timeout: PAUSE_MS, retry_jitter: 0, ...options },
    });
    lock.setReferences(References.fromTuples(new Descriptor('test', 'counters', 'own', 'default', '1.0'), counters));
    await lock.open(null);
    return lock;
  }

  const take = (indexes: readonly number[], key = 'key'): Promise<unknown[]> =>
    Promise.all(indexes.map((index) => master(index).command('SET', key, ANOTHERS)));

  before(async () => {
    masters = await startMasters(3);
  });
  beforeEach(async () => {
    clients = [];
    locks = [];
    await Promise.all(masters.map((one) => one.command('FLUSHALL')));
    proxies = await Promise.all(masters.map(({ host, port }) => TcpProxy.start(port, host)));
  });
  afterEach(async () => {
    for (const one of proxies) one.pass();
    await Promise.all(locks.map((lock) => lock.close(null)));
    for (const client of clients) client.disconnect();
    await Promise.all(proxies.map((one) => one.close()));
  });
  after(async () => {
    await Promise.all(masters.map((one) => one.stop()));
  });

  describe('when a round is lost and tried again', () => {
    beforeEach(() => take([1, 2]));

    it('upstream: it keeps its keys meanwhile, and is then refused by itself', async () => {
      const redlock = await redlockOn(all, { retryCount: 1 });
      let against = 0;
      redlock.on('error', () => (against += 1));
      const acquiring = redlock.acquire(['key'], TTL_MS).catch((thrown: unknown) => thrown);
      await until(async () => against === 2 && (await has(0)), 'the first round is lost');
      // One of the two that refused is free now: with the one that had granted, that would be a quorum.
      await master(1).command('DEL', 'key');

      const error = await acquiring;
      expect(error).to.be.instanceOf(ExecutionError);
      const [, second] = await Promise.all((error as ExecutionError).attempts);
      expect(second?.votesFor.size).to.equal(1);
      expect([...(second?.votesAgainst.keys() ?? [])]).to.include(clients[0]);
    });

    it('here: it keeps nothing, and wins the second round', async () => {
      let refused = 0;
      const lock = await lockOn(all, { retries: 1, notify: false }, () => void (refused += 1));
      const acquiring = lock.acquireLock(null, 'key', TTL_MS);
      await until(() => refused === 1, 'the first round is lost');
      await until(async () => !(await has(0)), 'nothing of it is kept');
      expect(refused, 'the rounds until then').to.equal(1);
      await master(1).command('DEL', 'key');

      await acquiring;
      expect(lock.getStatus().held).to.equal(1);
    });
  });

  describe('when the second try is won after the ttl of the first', () => {
    const ttlMs = 0.8 * PAUSE_MS;

    it('upstream: the lock that it hands out has expired by its own account', async () => {
      await take([1, 2]);
      const redlock = await redlockOn([1], { retryCount: 1 });
      redlock.on('error', () => void master(1).command('DEL', 'key'));
      const held = await redlock.acquire(['key'], ttlMs);

      expect(held.expiration).to.be.below(Date.now());
      expect(await has(1), 'its key is there all the same').to.equal(true);
    });

    it('here: the lock that is handed out is valid', async () => {
      await take([1]);
      // Nobody is told of it, so whoever waits has to try at its retry.
      const lock = await lockOn([1], { retries: 1, notify: false }, () => void master(1).command('DEL', 'key'));
      await lock.acquireLock(null, 'key', ttlMs);

      expect(lock.getStatus().held).to.equal(1);
      expect(await has(1)).to.equal(true);
    });
  });

  describe('when the quorum answers after the ttl', () => {
    const ttlMs = 100;
    const slow = (): void => {
      for (const one of proxies) one.delay(2 * ttlMs);
    };

    it('upstream: it hands out a lock that has expired, and that no master holds any more', async () => {
      const redlock = await redlockOn(all);
      slow();
      const held = await redlock.acquire(['key'], ttlMs);

      expect(held.expiration).to.be.below(Date.now());
      expect(await has(0)).to.equal(false);
    });

    it('here: NO_QUORUM, since the grants were late', async () => {
      const lock = await lockOn(all);
      slow();
      const error: unknown = await lock.tryAcquireLock(null, 'key', ttlMs).catch((thrown: unknown) => thrown);

      expect((error as ApplicationException).code).to.equal('NO_QUORUM');
      expect(
        (error as ApplicationException).details.getAsString('masters').match(/: late \(/g),
      ).to.have.length.at.least(2);
      expect(lock.getStatus().held).to.equal(0);
    });
  });

  /**
   * A master that was flushed of its scripts between the acquire and the release of another lock knows how to release
   * and not how to acquire. Where it knows neither, redlock sends both again in their order, and nothing stays.
   */
  describe('when a slow master has lost the acquire script, and the round is lost meanwhile', () => {
    beforeEach(() => take([1, 2]));

    it('upstream: it sends the acquire again behind the release: a ghost for a whole ttl', async () => {
      const redlock = await redlockOn(all);
      const neighbour = await redlockOn([0]);
      const held: UpstreamLock = await neighbour.acquire(['another key'], TTL_MS);
      await master(0).command('SCRIPT', 'FLUSH');
      await held.release();

      proxy(0).hold('down');
      const error: unknown = await redlock.acquire(['key'], TTL_MS).catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(ExecutionError);
      expect(await has(0), 'not yet').to.equal(false);
      proxy(0).release();

      await until(() => has(0), 'the ghost is there');
      expect(await master(0).command('PTTL', 'key')).to.be.above(TTL_MS / 2);
    });

    it('here: an acquire that was given back is not sent again', async () => {
      const lock = await lockOn(all);
      const neighbour = await lockOn([0]);
      await neighbour.acquireLock(null, 'another key', TTL_MS);
      await master(0).command('SCRIPT', 'FLUSH');
      await neighbour.releaseLock(null, 'another key');

      proxy(0).hold('down');
      expect(await lock.tryAcquireLock(null, 'key', TTL_MS)).to.equal(false);
      proxy(0).release();
      // Answers come in order, and this round needs that master's: what was sent to it before has run by then.
      await take([1], 'decided by the slow master');
      expect(await lock.tryAcquireLock(null, 'decided by the slow master', TTL_MS)).to.equal(true);

      expect(await has(0)).to.equal(false);
    });

    it('here: an acquire that is still wanted is sent again', async () => {
      const lock = await lockOn(all);
      await master(0).command('SCRIPT', 'FLUSH');
      await take([1], 'decided by the flushed master');

      expect(await lock.tryAcquireLock(null, 'decided by the flushed master', TTL_MS)).to.equal(true);
      expect(await has(0, 'decided by the flushed master')).to.equal(true);
    });
  });
});

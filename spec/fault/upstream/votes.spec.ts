import { expect } from 'chai';
import { Redis } from 'ioredis';
import type { ApplicationException } from 'pip-services4-commons-node';
import Redlock, { ResourceLockedError } from 'redlock';
import { Descriptor, RedisLock, References } from '../../../lib';
import type { Master } from '../../support/Master';
import { startMasters } from '../../support/masters';
import { until } from '../../support/until';

const TTL_MS = 10_000;

describe('What redlock tells of votes, and what the lock does', () => {
  let masters: readonly Master[];
  let clients: Redis[];
  let lock: RedisLock;
  /** The names of the counters, and of the methods of the logger, as they were called. */
  let counted: string[];
  let logged: string[];
  let traced: string[];

  const everywhere = (...command: readonly (string | number)[]): Promise<unknown[]> =>
    Promise.all(masters.map((master) => master.command(...command)));

  /** What redlock says of every master's refusal: of the acquire, and of the release that follows it. */
  async function upstreamErrors(): Promise<readonly Error[]> {
    const redlock = new Redlock(clients, { retryCount: 0 });
    const errors: Error[] = [];
    redlock.on('error', (error: Error) => errors.push(error));
    const held = await redlock.acquire(['key'], TTL_MS).then(
      () => true,
      () => false,
    );
    expect(held).to.equal(false);
    // Two votes decide; the third may come behind the end of the round.
    await until(() => errors.length === 2 * masters.length, 'every master has refused twice');
    return errors;
  }

  /** A component that keeps the names of the methods that are called on it. */
  const recorder = (calls: string[]): object =>
    new Proxy(
      {},
      { get: (_target, name) => (first: unknown) => calls.push(typeof first === 'string' ? first : String(name)) },
    );

  before(async () => {
    masters = await startMasters(3);
  });
  beforeEach(async () => {
    await everywhere('FLUSHALL');
    clients = masters.map(({ host, port }) => new Redis({ host, port }));
    await Promise.all(clients.map((client) => client.ping()));
    counted = [];
    logged = [];
    traced = [];
    lock = new RedisLock();
    lock.configure({ connections: masters.map(({ host, port }) => ({ host, port })) });
    lock.setReferences(
      References.fromTuples(
        new Descriptor('test', 'logger', 'own', 'default', '1.0'),
        recorder(logged),
        new Descriptor('test', 'counters', 'own', 'default', '1.0'),
        recorder(counted),
        new Descriptor('test', 'tracer', 'own', 'default', '1.0'),
        recorder(traced),
      ),
    );
    await lock.open(null);
  });
  afterEach(async () => {
    await lock.close(null);
    for (const client of clients) client.disconnect();
  });
  after(async () => {
    await Promise.all(masters.map((master) => master.stop()));
  });

  describe('when the lock is held by another', () => {
    beforeEach(() => everywhere('SET', 'key', 'another', 'PX', TTL_MS));

    it('upstream: an error for every refused vote, and again for the release of what it never held', async () => {
      for (const error of await upstreamErrors()) expect(error).to.be.instanceOf(ResourceLockedError);
    });

    it('here: it is counted once, and neither logged nor traced as a failure', async () => {
      for (const seen of [logged, counted, traced]) seen.length = 0;

      expect(await lock.tryAcquireLock(null, 'key', TTL_MS)).to.equal(false);
      expect(counted).to.eql(['redlock.refused']);
      expect([...logged, ...traced]).to.eql([]);
    });
  });

  describe("when the key holds somebody's data", () => {
    beforeEach(() => everywhere('HSET', 'key', 'field', 'value'));

    it('upstream: EXISTS cannot tell it from a lock that is held', async () => {
      const ofData = (await upstreamErrors())[0];
      await everywhere('DEL', 'key');
      await everywhere('SET', 'key', 'another');
      const ofLock = (await upstreamErrors())[0];

      expect(ofData).to.be.instanceOf(ResourceLockedError);
      expect(ofData?.message).to.equal(ofLock?.message);
    });

    it('here: NO_QUORUM, naming the foreign key, its type and the masters', async () => {
      const error: unknown = await lock.tryAcquireLock(null, 'key', TTL_MS).catch((thrown: unknown) => thrown);

      expect((error as ApplicationException).code).to.equal('NO_QUORUM');
      const named = masters.filter(({ port }) =>
        (error as ApplicationException).details
          .getAsString('masters')
          .includes(`127.0.0.1:${port}: foreign-key ("key" holds a hash`),
      );
      expect(named, 'with two of three it is decided').to.have.length.at.least(2);
      expect(await everywhere('HGET', 'key', 'field'), 'the data is left alone').to.eql(['value', 'value', 'value']);
    });
  });
});

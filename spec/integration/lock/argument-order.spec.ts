import { expect } from 'chai';
import { BadRequestException, ConfigException } from 'pip-services4-commons-node';
import { Descriptor, References, type RedisLock } from '../../../lib';
import { addressesOf, thrownBy, useLocks, useMasters } from './locks';

const LONG = 60_000;

/** What callers without types pass. */
const wrong = (value: unknown): never => value as never;
const work = async (): Promise<void> => {};

describe("A lock's arguments in the order of redlock", () => {
  const locks = useLocks();
  const masters = useMasters(1);
  let lock: RedisLock;

  beforeEach(async () => {
    lock = await locks.open({ connections: addressesOf(masters) });
  });

  const calls: readonly (readonly [line: string, call: () => Promise<unknown>])[] = [
    ['acquireLock(null, "a", 1000)', () => lock.acquireLock(wrong(['a']), wrong(1000), wrong(undefined))],
    ['acquireLock(null, "a", 1000)', () => lock.acquireLock('a', wrong(1000), wrong(undefined))],
    ['acquireLock(null, "a", 1000)', () => lock.acquire(wrong(['a']), wrong(1000))],
    ['acquireLease(null, ["a","b"], 1000)', () => lock.acquireLock(wrong(['a', 'b']), wrong(1000), wrong(undefined))],
    ['acquireLease(null, ["a","b"], 1000)', () => lock.acquireLock(null, wrong(['a', 'b']), 1000)],
    ['tryAcquireLock(null, "a", 1000)', () => lock.tryAcquireLock(wrong(['a']), wrong(1000), wrong({}))],
    ['releaseLock(null, "a")', () => lock.releaseLock(wrong(['a']), wrong(undefined))],
    ['acquireLease(null, ["a"], 1000)', () => lock.acquireLease(wrong(['a']), wrong(1000), wrong(undefined))],
    ['tryAcquireLease(null, ["a"], 1000)', () => lock.tryAcquireLease(wrong(['a']), wrong(1000), wrong({}))],
    [
      'withLock(null, ["a"], 1000, work)',
      () => lock.withLock(wrong(['a']), wrong(1000), wrong(work), wrong(undefined)),
    ],
    ['withLock(null, ["a"], 1000, work)', () => lock.withLock(wrong(['a']), wrong(1000), wrong({}), work)],
    ['acquireLock(null, key, ttl)', () => lock.acquireLock(wrong(['a']), 'b', 1000)],
    ['acquireLock(null, key, ttl)', () => lock.acquireLock(wrong(['k'.repeat(500)]), wrong(1000), 1000)],
    ['withLock(null, keys, ttl, work)', () => lock.withLock(null, wrong(work), 1000, work)],
  ];
  for (const [index, [line, call]] of calls.entries()) {
    it(`are BAD_KEY, with the line to write: ${line} (${index + 1})`, async () => {
      const { message } = await thrownBy(call(), BadRequestException, 'BAD_KEY');

      expect(message).to.satisfy((text: string) => text.endsWith(`write ${line}`));
      expect(message.length).to.be.below(220);
    });
  }

  it('are BAD_OPTION where only the work is missing', async () => {
    const without = lock.withLock(null, 'a', 1000, wrong(undefined));
    const { message } = await thrownBy(without, ConfigException, 'BAD_OPTION');

    expect(message).to.include('withLock(context, keys, ttl, options, work)');
  });

  it('may leave any value as the context of a call that goes right', async () => {
    for (const context of [{}, 7, { get: 'x' }, new Map()]) {
      expect(await lock.tryAcquireLock(wrong(context), 'key', LONG)).to.equal(true);
      await lock.releaseLock(wrong(context), 'key');
    }
  });

  it('are told of where the context of adoptLease was left out', async () => {
    const lease = await lock.acquireLease(null, 'key', LONG);
    const missing = lock.adoptLease(wrong(lease.handOver()), wrong(undefined));

    await thrownBy(missing, BadRequestException, 'BAD_KEY');
  });
});

describe('A ttl below a second', () => {
  const locks = useLocks();
  const masters = useMasters(1);
  const hintsOf = async (use: (lock: RedisLock) => Promise<unknown>): Promise<readonly string[]> => {
    const warnings: string[] = [];
    const logger = new Proxy(
      { warn: (_context: unknown, message: string) => warnings.push(message) },
      { get: (target, name) => (name === 'warn' ? target.warn : () => {}) },
    );
    const references = References.fromTuples(Descriptor.fromString('spec:logger:memory:default:1.0'), logger);
    const lock = await locks.open({ connections: addressesOf(masters) }, references);
    await use(lock);
    return warnings.filter((warning) => warning.includes(' ttl '));
  };

  it('is hinted at once for each open, whatever the call', async () => {
    const hints = await hintsOf(async (lock) => {
      await lock.tryAcquireLock(null, 'a', 30);
      await lock.acquireLock(null, 'b', 900, 0);
      await lock.withLock(null, 'c', 900, work);
    });

    expect(hints).to.have.length(1);
    expect(hints[0]).to.match(/^A ttl of 30 ms .*; every ttl and timeout is in ms$/);
  });

  it('is hinted at for leases', async () => {
    expect(await hintsOf((lock) => lock.acquireLease(null, 'a', 999))).to.have.length(1);
    expect(await hintsOf((lock) => lock.tryAcquireLease(null, 'b', 999))).to.have.length(1);
  });

  it('is not hinted at from a second on', async () => {
    expect(await hintsOf((lock) => lock.tryAcquireLock(null, 'a', 1000))).to.deep.equal([]);
  });
});

import { expect } from 'chai';
import { Descriptor, References, type RedisLock } from '../../../lib';
import { addressesOf, useLocks, useMasters } from './locks';

describe('A lock warns of a ttl', () => {
  const locks = useLocks();
  const masters = useMasters(3);
  let warnings: string[];

  async function open(options: object): Promise<RedisLock> {
    warnings = [];
    const warn = (_context: unknown, message: string): void => void warnings.push(message);
    const silent = (): void => {};
    const logger = { warn, info: silent, error: silent, trace: silent };
    const references = new References();
    references.put(new Descriptor('app', 'logger', 'x', 'y', '1.0'), logger);
    return locks.open({ connections: addressesOf(masters), options }, references);
  }

  it('that is shorter than twice the time a master has to answer, once', async () => {
    const lock = await open({ node_timeout: 30_000 });
    await lock.acquireLock('123', 'enough', 60_000);
    expect(warnings).to.eql([]);
    await lock.acquireLock('123', 'short', 59_999);
    await lock.tryAcquireLock('123', 'shorter', 50_000);

    expect(warnings).to.eql([
      'A ttl of 59999 ms is shorter than twice options.node_timeout, 30000 ms: waiting for one master that hangs may cost ' +
        'the whole validity of a lock; use a longer ttl or a shorter options.node_timeout',
    ]);
  });

  it('that is the default, and one that is adopted', async () => {
    const lock = await open({ node_timeout: 30_000, ttl: 40_000 });
    await lock.acquire('123', 'key');
    expect(warnings).to.have.length(1);

    const [former, successor] = [await open({ node_timeout: 100 }), await open({ node_timeout: 20_000 })];
    const lease = await former.acquireLease('123', 'other key', 30_000);
    await successor.adoptLease('123', lease.handOver());
    expect(warnings).to.have.length(1);
  });

  it('that is longer than the restart guard, beside the other', async () => {
    const lock = await open({ node_timeout: 30_000, restart_guard: 40_000 });
    await lock.acquireLock('123', 'short', 30_000);
    for (const key of ['long', 'longer']) await lock.acquireLock('123', key, 60_000);

    expect(warnings).to.have.length(2);
    expect(warnings[1]).to.include('options.restart_guard, 40000 ms');
  });
});

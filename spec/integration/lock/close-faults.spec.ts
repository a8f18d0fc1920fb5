import { expect } from 'chai';
import { awakeMs } from '../../support/AwakeClock';
import { TcpProxy } from '../../support/TcpProxy';
import { until } from '../../support/until';
import { addressesOf, useLocks, useMasters } from './locks';

const LONG = 60_000;
/** What a busy machine may add to a time that is waited for. */
const SLACK_MS = 400;

describe("A lock's close under faults", () => {
  const locks = useLocks();
  const masters = useMasters(3);

  const configOf = (options: object = {}): { connections: object; options: object } => ({
    connections: addressesOf(masters),
    options: { retry_timeout: 10, node_timeout: 200, connect_timeout: LONG, ...options },
  });

  it('is bounded while masters hang', async () => {
    const lock = await locks.open(configOf());
    await lock.acquireLock('123', 'held', LONG);
    await Promise.all(masters.map((master) => master.pause()));
    const round = lock.tryAcquireLock('123', 'key', LONG).catch((error: unknown) => error);

    // What is under way is given its time, and so is what is given back.
    expect(await awakeMs(() => lock.close('123'))).to.be.below(2 * 200 + SLACK_MS);
    expect(await round).to.have.property('code');
  });

  it('is at once while masters are known to be dead', async () => {
    const lock = await locks.open(configOf());
    await lock.acquireLock('123', 'held', LONG);
    await Promise.all(masters.map((master) => master.kill()));
    await until(() => lock.getStatus().masters.every(({ state }) => state === 'away'), 'that is known');

    expect(await awakeMs(() => lock.close('123'))).to.be.below(150);
  });

  it('is not disturbed by a connection that breaks in the same turn', async () => {
    const proxies = await Promise.all(masters.map(({ port }) => TcpProxy.start(port)));
    try {
      const lock = await locks.open({
        ...configOf(),
        connections: proxies.map(({ port }) => ({ host: '127.0.0.1', port })),
      });
      for (const proxy of proxies.slice(1)) {
        proxy.refuse();
        proxy.cut();
      }
      await until(() => lock.getStatus().masters.filter(({ state }) => state === 'away').length === 2, 'two are away');
      // Two refuse at once, so the lock is closed before the third can say that what it was sent has failed.
      proxies[0]?.cut();
      expect(await lock.tryAcquireLock('123', 'key', LONG).catch((error: unknown) => error)).to.have.property('code');
      await lock.close('123');
      expect(lock.isOpen()).to.equal(false);
    } finally {
      await Promise.all(proxies.map((proxy) => proxy.close()));
    }
  });
});

import { expect } from 'chai';
import { DeafProxy } from '../../../bench/DeafProxy';
import type { RedisLock } from '../../../lib';
import { addressesOf, useLocks, useMasters } from '../../integration/lock/locks';
import { acquireEverywhere, begun, LONG, NO_POLLING, soon, untilWaiting } from '../../integration/wait/waiting';

describe('A waiter', () => {
  const locks = useLocks();
  const masters = useMasters(3);
  let proxies: readonly DeafProxy[] = [];

  beforeEach(async () => {
    proxies = await Promise.all(masters.map((master) => DeafProxy.start(master)));
  });
  afterEach(async () => {
    await Promise.all(proxies.map((proxy) => proxy.close()));
  });

  const endpoints = (deaf: number): readonly { readonly host: string; readonly port: number }[] => {
    const ports = [...proxies.slice(0, deaf), ...masters.slice(deaf)];
    return ports.map(({ host, port }) => ({ host, port }));
  };

  it('that no message reaches has the lock by its next retry', async () => {
    const holder = await locks.open({ connections: addressesOf(masters) });
    const waiter = await locks.open({ connections: endpoints(3), options: { retry_timeout: 300, node_timeout: LONG } });
    await acquireEverywhere(holder, masters);
    const acquired = begun(waiter.acquireLock('123', 'key', LONG, LONG));
    await untilWaiting(masters, 'key');
    await holder.releaseLock('123', 'key');
    await soon(acquired, 'it polls');

    expect(proxies.map(({ dropped }) => dropped)).to.eql([1, 1, 1]);
  });

  for (const deaf of [1, 2]) {
    it(`that the message of ${deaf} of three masters does not reach is woken by the others`, async () => {
      const holder = await locks.open({ connections: addressesOf(masters) });
      const waiter: RedisLock = await locks.open({
        connections: endpoints(deaf),
        options: { ...NO_POLLING, node_timeout: LONG },
      });
      await acquireEverywhere(holder, masters);
      const acquired = begun(waiter.acquireLock('123', 'key', LONG, LONG));
      await untilWaiting(masters, 'key');
      await holder.releaseLock('123', 'key');
      await soon(acquired, 'it is woken');

      expect(proxies.filter(({ dropped }) => dropped > 0)).to.have.length(deaf);
    });
  }
});

import { DeafProxy } from '../../../bench/DeafProxy';
import type { RedisLock } from '../../../lib';
import { addressesOf, useLocks, useMasters } from '../../integration/lock/locks';
import { until } from '../../support/until';
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

    await until(() => proxies.every(({ dropped }) => dropped === 1), 'each master has sent its message');
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

      // Those that were heard may have come first.
      const deafened = (): readonly DeafProxy[] => proxies.filter(({ dropped }) => dropped > 0);
      await until(() => deafened().length === deaf, 'the others have sent a message, too');
    });
  }
});

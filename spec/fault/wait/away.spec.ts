import type { RedisLock } from '../../../lib';
import { setForeignLock, useLocks, useMasters } from '../../integration/lock/locks';
import { begun, LONG, soon, untilWaiting } from '../../integration/wait/waiting';
import { TcpProxy } from '../../support/TcpProxy';
import { until } from '../../support/until';

describe('A waiter that has begun while every master was away', () => {
  const locks = useLocks();
  const masters = useMasters(1);
  let proxies: readonly TcpProxy[] = [];

  beforeEach(async () => {
    proxies = await Promise.all(masters.map(({ port }) => TcpProxy.start(port)));
  });
  afterEach(async () => {
    await Promise.all(proxies.map((proxy) => proxy.close()));
  });

  it('takes its place in line once they are back', async () => {
    const waiter: RedisLock = await locks.open({
      connections: proxies.map(({ port }) => ({ host: '127.0.0.1', port })),
      options: { retry_timeout: 20, node_timeout: LONG },
    });
    for (const proxy of proxies) proxy.refuse();
    for (const proxy of proxies) proxy.cut();
    await until(() => waiter.getStatus().masters.every(({ state }) => state === 'away'), 'that is noticed');
    await Promise.all(masters.map((master) => setForeignLock(master, 'key')));
    const acquired = begun(waiter.acquireLock('123', 'key', LONG, LONG));
    await Promise.all(proxies.map((proxy) => proxy.accept()));
    await untilWaiting(masters, 'key');

    await Promise.all(masters.map((master) => master.command('DEL', 'key')));
    await soon(acquired, 'it has the lock');
  });
});

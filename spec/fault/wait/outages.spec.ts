import { expect } from 'chai';
import type { RedisLock } from '../../../lib';
import { addressesOf, useLocks, useMasters } from '../../integration/lock/locks';
import {
  acquireEverywhere,
  begun,
  channelsOn,
  LONG,
  NO_POLLING,
  rejectionOf,
  soon,
  untilWaiting,
} from '../../integration/wait/waiting';
import { until } from '../../support/until';
import type { Master } from '../../support/Master';
import { TcpProxy } from '../../support/TcpProxy';

const isReady = (lock: RedisLock, index: number): boolean => lock.getStatus().masters[index]?.state === 'ready';
const isAway = (lock: RedisLock, index: number): boolean => lock.getStatus().masters[index]?.state === 'away';

describe('A waiter of which one master', () => {
  const locks = useLocks();
  const masters = useMasters(3);

  for (const [fate, befall] of [
    ['hangs', (master: Master) => master.pause()],
    ['dies', (master: Master) => master.kill()],
    ['is restarted empty', (master: Master) => master.restartEmpty()],
  ] as const) {
    for (const index of [0, 2]) {
      it(`${fate}, the ${index === 0 ? 'first' : 'last'} one, is woken by the others`, async () => {
        // One that hangs is waited for when the locks are closed.
        const config = { connections: addressesOf(masters), options: { ...NO_POLLING, node_timeout: 500 } };
        const [holder, waiter] = [await locks.open(config), await locks.open(config)];
        await acquireEverywhere(holder, masters);
        const acquired = begun(waiter.acquireLock('123', 'key', LONG, LONG));
        await untilWaiting(masters, 'key');
        const befallen = masters[index] ?? expect.fail('no master');
        await befall(befallen);
        await holder.releaseLock('123', 'key');
        await soon(acquired, 'it is woken');

        expect(waiter.getStatus()).to.include({ held: 1, waiters: 0 });
      });
    }
  }
});

for (const size of [1, 3]) {
  describe(`A waiter whose connections to ${size} masters are cut`, () => {
    const locks = useLocks();
    const masters = useMasters(size);
    let proxies: readonly TcpProxy[] = [];
    let holder: RedisLock;
    let waiter: RedisLock;
    let controller: AbortController;
    let acquired: Promise<void>;

    beforeEach(async () => {
      proxies = await Promise.all(masters.map(({ port }) => TcpProxy.start(port)));
      const connections = proxies.map(({ port }) => ({ host: '127.0.0.1', port }));
      holder = await locks.open({ connections: addressesOf(masters) });
      // A proxy that stands still with this process is not to be taken for a silent master.
      waiter = await locks.open({ connections, options: { ...NO_POLLING, node_timeout: LONG } });
      controller = new AbortController();
      await acquireEverywhere(holder, masters);
      acquired = begun(waiter.acquireLock('123', 'key', LONG, LONG, controller.signal));
      await untilWaiting(masters, 'key');
    });
    afterEach(async () => {
      await Promise.all(proxies.map((proxy) => proxy.close()));
    });

    const cut = async (): Promise<void> => {
      for (const proxy of proxies) proxy.refuse();
      for (const proxy of proxies) proxy.cut();
      await until(() => masters.every((_, index) => isAway(waiter, index)), 'it is noticed');
    };
    const mend = async (): Promise<void> => {
      await Promise.all(proxies.map((proxy) => proxy.accept()));
      await until(() => masters.every((_, index) => isReady(waiter, index)), 'it has connected anew');
    };
    const channels = async (): Promise<readonly string[]> => (await Promise.all(masters.map(channelsOn))).flat();

    it('is woken over the next ones', async () => {
      await cut();
      await until(async () => (await channels()).length === 0, 'the masters know it, too');
      await mend();
      await untilWaiting(masters, 'key');
      await holder.releaseLock('123', 'key');

      await soon(acquired, 'it is woken');
    });

    it('listens no more where it has given up meanwhile', async () => {
      await cut();
      controller.abort(new Error('by the caller'));
      expect(await rejectionOf(acquired)).to.equal(controller.signal.reason);
      await mend();
      // What is asked now is answered behind a subscription.
      expect(await waiter.tryAcquireLock('123', 'another key', LONG)).to.equal(true);

      expect(await channels()).to.eql([]);
    });
  });
}

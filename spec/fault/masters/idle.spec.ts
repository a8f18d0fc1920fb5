import { expect } from 'chai';
import { ConnectionException } from 'pip-services4-commons-node';
import type { RedisLock } from '../../../lib';
import {
  addressesOf,
  standsOnAll,
  standsOnNone,
  thrownBy,
  useLocks,
  useMasters,
  useProxies,
} from '../../integration/lock/locks';
import { until } from '../../support/until';

const LONG = 60_000;
/** Long enough for a busy machine to try twice. */
const NODE_TIMEOUT_MS = 6000;
/** So much quicker than that, that a connection is taken for idle, and not for slow. */
const QUICK_MS = 20;

describe('A connection that was idle', () => {
  const locks = useLocks();
  const masters = useMasters(3);
  const proxies = useProxies(masters);
  const isNowhere = (): Promise<boolean> => standsOnNone(masters, 'key');

  /** A lock whose connections have brought nothing for longer than an idle one has. */
  async function openIdle(nodeTimeoutMs = NODE_TIMEOUT_MS): Promise<RedisLock> {
    const options = { node_timeout: nodeTimeoutMs, notify: false };
    const lock = await locks.open({ connections: addressesOf(proxies), options });
    await until(async () => {
      await lock.tryAcquireLock('123', `other ${Math.random()}`, LONG);
      return lock.getStatus().masters.every(({ roundTripMs }) => (roundTripMs ?? Infinity) < QUICK_MS);
    }, 'they are quick');
    const idleFromMs = performance.now() + 150;
    await until(() => performance.now() > idleFromMs, 'they are idle');
    return lock;
  }

  it('and has gone half open costs no call', async () => {
    const lock = await openIdle();
    for (const proxy of proxies) proxy.halfOpen();

    expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(true);
    await lock.releaseLock('123', 'key');
    await until(isNowhere, 'it is given back');
  });

  it('and was closed by the other side costs no call', async () => {
    const lock = await openIdle();
    for (const proxy of proxies) proxy.hold('down');
    const acquired = lock.tryAcquireLock('123', 'key', LONG);
    for (const proxy of proxies) proxy.cut();
    for (const proxy of proxies) proxy.pass();

    expect(await acquired).to.equal(true);
  });

  it('is tried once more only: a master that hangs has no vote', async () => {
    const lock = await openIdle(300);
    for (const proxy of proxies.slice(1)) proxy.drop();

    await thrownBy(lock.tryAcquireLock('123', 'key', LONG), ConnectionException, 'NO_QUORUM');
    for (const proxy of proxies) proxy.pass();
    await until(isNowhere, 'what was granted is given back');
  });

  it('leaves nothing where the first try has run, the second one too, and the lock is given back', async () => {
    const lock = await openIdle();
    for (const proxy of proxies) proxy.hold('down');
    const acquired = lock.tryAcquireLock('123', 'key', LONG);
    await until(() => standsOnAll(masters, 'key'), 'the first try has run');
    for (const proxy of proxies) proxy.cut();
    for (const proxy of proxies) proxy.pass();
    expect(await acquired).to.equal(true);
    await lock.releaseLock('123', 'key');

    await until(isNowhere, 'it is given back');
  });
});

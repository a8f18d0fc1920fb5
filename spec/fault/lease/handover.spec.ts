import { expect } from 'chai';
import { InvalidStateException } from 'pip-services4-commons-node';
import type { HandedOver, RedisLock } from '../../../lib';
import { addressesOf, thrownBy, useLocks, useMasters, useProxies, valuesOn } from '../../integration/lock/locks';
import { until } from '../../support/until';

const LONG = 60_000;

describe('A lease that is handed over among faults', () => {
  const locks = useLocks();
  const masters = useMasters(3);
  const proxies = useProxies(masters);

  const openAt = (places: readonly { readonly port: number }[]): Promise<RedisLock> =>
    locks.open({ connections: addressesOf(places), options: { retry_timeout: 10, node_timeout: 400 } });
  const isNowhere = async (): Promise<boolean> => (await valuesOn(masters, 'key')).every((value) => value === null);
  const isReady = (lock: RedisLock): boolean => lock.getStatus().masters.every(({ state }) => state === 'ready');
  async function handedOver(): Promise<HandedOver> {
    const lock = await openAt(masters);
    const lease = await lock.acquireLease('123', 'key', LONG);
    await until(async () => !(await valuesOn(masters, 'key')).includes(null), 'it stands on each master');
    return lease.handOver();
  }

  it('is not brought back by the one who held it, after the one who took it over has released it', async () => {
    const [lock, heir] = [await openAt(proxies), await openAt(masters)];
    const lease = await lock.acquireLease('123', 'key', LONG);
    await until(async () => !(await valuesOn(masters, 'key')).includes(null), 'it stands on each master');
    await masters[2]?.command('DEL', 'key');
    // That it has lost the lock is heard after the hand-over.
    proxies[2]?.hold('down');
    await lease.extend(LONG);
    const adopted = await heir.adoptLease('123', lease.handOver());
    expect((await adopted.release()).kind).to.equal('released');
    await until(isNowhere, 'it was given back');
    proxies[2]?.pass();
    // Whatever was to be sent is on its way, and has been run.
    await lock.tryAcquireLock('123', 'another key', LONG);
    await lock.close('123');

    expect(await isNowhere()).to.equal(true);
  });

  it('is given back where the lock is closed before it is adopted', async () => {
    const heir = await openAt(proxies);
    const handed = await handedOver();
    for (const proxy of proxies) proxy.hold('down');
    const adopting = thrownBy(heir.adoptLease('123', handed), InvalidStateException, 'CLOSED');
    const closing = heir.close('123');
    for (const proxy of proxies) proxy.pass();
    await Promise.all([adopting, closing]);

    expect(await isNowhere()).to.equal(true);
  });

  it('is taken back from each master when its release was lost, also from one that had not answered', async () => {
    const heir = await openAt(proxies);
    const handed = await handedOver();
    proxies[2]?.hold('down');
    const adopted = await heir.adoptLease('123', handed);
    for (const proxy of proxies) proxy.drop();
    await adopted.release();
    for (const proxy of proxies) proxy.pass();
    await until(() => isReady(heir), 'the masters are back');

    await until(isNowhere, 'it is taken back');
  });
});

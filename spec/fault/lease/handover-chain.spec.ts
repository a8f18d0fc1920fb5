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

describe('A chain of hand-overs', () => {
  const locks = useLocks();
  const masters = useMasters(3);
  const proxies = useProxies(masters);
  const openAt = (places: readonly { readonly port: number }[]): Promise<RedisLock> =>
    locks.open({ connections: addressesOf(places), options: { retry_timeout: 10, node_timeout: LONG } });
  const isAway = (lock: RedisLock, index: number): boolean => lock.getStatus().masters[index]?.state === 'away';
  const isEverywhere = (): Promise<boolean> => standsOnAll(masters, 'key');
  const isNowhere = (): Promise<boolean> => standsOnNone(masters, 'key');

  it('leaves nothing on a master that missed every hand-over but the last release', async () => {
    const [first, last] = [await openAt(masters), await openAt(masters)];
    const middle = [await openAt(proxies), await openAt(proxies)];
    const lease = await first.acquireLease('123', 'key', LONG);
    await until(isEverywhere, 'it stands on each master');
    proxies[2]?.refuse();
    proxies[2]?.cut();
    let handed = lease.handOver();
    for (const lock of middle) {
      await until(() => isAway(lock, 2), 'the third is away');
      handed = (await lock.adoptLease('123', handed)).handOver();
    }
    const adopted = await last.adoptLease('123', handed);

    expect((await adopted.release()).kind).to.equal('released');
    await until(isNowhere, 'it is gone');
  });

  it('takes an extension along that only a minority has run', async () => {
    const [lock, heir] = [await openAt(proxies), await openAt(masters)];
    const lease = await lock.acquireLease('123', 'key', LONG);
    await until(isEverywhere, 'it stands on each master');
    for (const proxy of proxies.slice(1)) proxy.drop();
    const extending = thrownBy(lease.extend(10 * LONG), ConnectionException, 'NO_QUORUM');
    for (const proxy of proxies.slice(1)) {
      proxy.refuse();
      proxy.cut();
    }
    await extending;
    const handed = lease.handOver();
    expect(handed).to.include({ ttl: LONG, longestTtl: 10 * LONG });

    const again = (await heir.adoptLease('123', handed)).handOver();
    expect(again).to.include({ ttl: LONG, longestTtl: 10 * LONG });
    expect(again.formerTokens).to.deep.equal([handed.token]);
  });

  it('lets close settle where an adopted lease is handed over while it is given back to a master', async () => {
    const [lock, heir] = [await openAt(masters), await openAt(proxies)];
    const lease = await lock.acquireLease('123', 'key', LONG);
    await until(isEverywhere, 'it stands on each master');
    await masters[2]?.command('DEL', 'key');
    const handed = lease.handOver();
    // That it has lost the lock is heard from the third after the others, and what it is given back later still.
    proxies[2]?.delay(30);
    const adopted = await heir.adoptLease('123', handed);
    await until(isEverywhere, 'it was given back, and the answer is on its way');
    adopted.handOver();
    await heir.close('123');

    expect(heir.isOpen()).to.equal(false);
  });
});

import { expect } from 'chai';
import { ConnectionException } from 'pip-services4-commons-node';
import { addressesOf, standsOnNone, thrownBy, useLocks, useMasters, useProxies } from '../../integration/lock/locks';
import { until } from '../../support/until';

const LONG = 60_000;

describe('A master that takes longer than the lock would last', () => {
  const locks = useLocks();
  const masters = useMasters(3);
  const proxies = useProxies(masters);

  it('is not waited for, and gives back what it has granted', async () => {
    const lock = await locks.open({ connections: addressesOf(proxies), options: { node_timeout: LONG } });
    for (const proxy of proxies.slice(1)) proxy.hold('down');
    await thrownBy(lock.tryAcquireLock('123', 'key', 100), ConnectionException, 'NO_QUORUM');

    expect(lock.getStatus().masters.map(({ state }) => state)).to.deep.equal(['ready', 'ready', 'ready']);
    for (const proxy of proxies) proxy.pass();
    await until(() => standsOnNone(masters, 'key'), 'it is given back');
  });
});

import { expect } from 'chai';
import { ConnectionException } from 'pip-services4-commons-node';
import { addressesOf, setForeignLock, thrownBy, useLocks, useMasters, useProxies } from '../../integration/lock/locks';

const LONG = 60_000;

describe('What a lost attempt leaves', () => {
  describe('over two masters, one of them slow', () => {
    const locks = useLocks();
    const masters = useMasters(2);
    const proxies = useProxies(masters);

    it('never refuses the next attempt of the same process', async () => {
      const lock = await locks.open({ connections: addressesOf(proxies), options: { node_timeout: LONG } });
      proxies[1]?.delay(20);
      for (let i = 0; i < 20; i++) {
        await setForeignLock(masters[0] as (typeof masters)[0], 'key');
        expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(false);
        await masters[0]?.command('DEL', 'key');

        expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(true);
        await lock.releaseLock('123', 'key');
      }
    });
  });

  describe('of a script that fails half way', () => {
    const locks = useLocks();
    const masters = useMasters(1);

    it('is undone in the same step', async () => {
      const [master] = masters as [(typeof masters)[0]];
      const lock = await locks.open({ connections: addressesOf(masters) });
      // The number of a fenced lock is accepted behind the grant, and cannot be now.
      await master.command('SET', 'redlock:guard', 'no marker');
      const acquired = lock.acquireLease('123', ['a', 'b'], LONG, { timeout: 0, fencing: true });
      await thrownBy(acquired, ConnectionException, 'NO_QUORUM');

      expect(await master.command('EXISTS', 'a', 'b')).to.equal(0);
    });
  });
});

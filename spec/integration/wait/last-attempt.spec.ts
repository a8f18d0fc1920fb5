import { expect } from 'chai';
import { InvalidStateException } from 'pip-services4-commons-node';
import type { RedisLock } from '../../../lib';
import { addressesOf, setForeignLock, thrownBy, useLocks, useMasters } from '../lock/locks';
import { begun, LONG, NO_POLLING, rejectionOf } from './waiting';

describe('A last attempt that is refused', () => {
  const locks = useLocks();
  const masters = useMasters(1);
  let lock: RedisLock;

  beforeEach(async () => {
    lock = await locks.open({ connections: addressesOf(masters), options: NO_POLLING });
    await Promise.all(masters.map((master) => setForeignLock(master, 'key')));
  });

  it("ends with the signal's reason where that has fired meanwhile", async () => {
    const controller = new AbortController();
    const cancelled = begun(rejectionOf(lock.acquireLock('123', 'key', LONG, 0, controller.signal)));
    const reason = new Error('by the caller');
    controller.abort(reason);

    expect(await cancelled).to.equal(reason);
  });

  it('ends with CLOSED where the lock was closed meanwhile', async () => {
    const waited = begun(thrownBy(lock.acquireLock('123', 'key', LONG, 0), InvalidStateException, 'CLOSED'));
    await lock.close('123');

    await waited;
  });
});

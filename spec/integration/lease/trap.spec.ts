import { expect } from 'chai';
import { addressesOf, useLocks, useMasters } from '../lock/locks';
import { keptOn } from './keptOn';

const LONG = 60_000;

describe('Two callers of one instance', () => {
  const locks = useLocks();
  const masters = useMasters(3);
  const open = () => locks.open({ connections: addressesOf(masters), options: { retry_timeout: 10 } });

  it('never release the lock of one another by a lease, however late it comes', async () => {
    const lock = await open();
    const first = await lock.acquireLease('first', 'key', 50, { timeout: LONG });
    const second = await lock.acquireLease('second', 'key', LONG, { timeout: LONG });
    const isKept = await keptOn(masters, 'key');

    expect((await first.release()).kind).to.equal('expired');
    expect((await first.release()).kind).to.equal('expired');
    expect(await isKept()).to.equal(true);
    expect(second.isValid()).to.equal(true);
    expect(await lock.tryAcquireLease('third', 'key', LONG)).to.equal(null);
    expect(lock.getStatus().held).to.equal(1);
    expect((await second.release()).kind).to.equal('released');
  });

  it('do not end a lease by the key, which only ends what was acquired by it', async () => {
    const lock = await open();
    const lease = await lock.acquireLease('first', 'key', LONG);
    await lock.releaseLock('second', 'key');

    expect(lease.isValid()).to.equal(true);
    expect(await lock.tryAcquireLock('second', 'key', LONG)).to.equal(false);
  });
});

import { expect } from 'chai';
import { BadRequestException } from 'pip-services4-commons-node';
import type { RedisLock } from '../../../lib';
import { addressesOf, thrownBy, useLocks, useMasters, valuesOn } from '../lock/locks';

const LONG = 60_000;

describe('A lease that is released and kept for a time', () => {
  const locks = useLocks();
  const masters = useMasters(3);
  const open = (): Promise<RedisLock> => locks.open({ connections: addressesOf(masters) });
  const isHeldByAQuorum = async (): Promise<boolean> =>
    (await valuesOn(masters, 'key')).filter((value) => value !== null).length >= 2;

  it('is refused to everybody, and stays so when its lock is closed', async () => {
    const [lock, other] = [await open(), await open()];
    const lease = await lock.acquireLease('123', 'key', 20_000);
    const { kind, masters: answers } = await lease.release({ keepFor: LONG });
    expect(kind).to.equal('kept');
    expect(answers.filter(({ answer }) => answer === 'kept')).to.have.length.at.least(2);

    expect(lease.isValid()).to.equal(false);
    expect(lock.getStatus().held).to.equal(0);
    expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(false);
    await lock.close('123');
    expect(await isHeldByAQuorum()).to.equal(true);
    expect(await other.tryAcquireLock('123', 'key', LONG)).to.equal(false);
  });

  it('is had by one who waits when that time is over', async () => {
    const [lock, other] = [await open(), await open()];
    const lease = await lock.acquireLease('123', 'key', LONG);
    expect((await lease.release({ keepFor: 2000 })).kind).to.equal('kept');
    await other.acquireLock('123', 'key', LONG, LONG);

    expect(other.getStatus().held).to.equal(1);
  });

  it('never fires its signal, and says the same when it is released again', async () => {
    const lock = await open();
    const lease = await lock.acquireLease('123', 'key', LONG);
    const { signal } = lease;
    await lease.release({ keepFor: LONG });

    expect((await lease.release()).kind).to.equal('kept');
    expect(signal.aborted).to.equal(false);
    expect(await isHeldByAQuorum()).to.equal(true);
  });

  it('is still held where the time is out of its range, and taken where it was lost', async () => {
    const lock = await open();
    const lease = await lock.acquireLease('123', 'key', LONG);
    for (const keepFor of [0, 9, 1.5, 2 ** 31]) {
      await thrownBy(lease.release({ keepFor }), BadRequestException, 'BAD_TTL');
    }
    expect(lease.isValid()).to.equal(true);
    await Promise.all(masters.map((master) => master.command('DEL', 'key')));
    expect((await lease.release({ keepFor: LONG })).kind).to.equal('taken');
  });
});

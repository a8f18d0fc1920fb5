import { expect } from 'chai';
import type { FencedLease, Lease, LeaseOptions } from '../../../lib';
import { addressesOf, useLocks, useMasters } from '../lock/locks';

const LONG = 60_000;

describe('A fencing token that was asked for', () => {
  const locks = useLocks();
  const masters = useMasters(1);

  it('is a number in its type', async () => {
    const lock = await locks.open({ connections: addressesOf(masters) });
    const lease = await lock.acquireLease(null, 'a', LONG, { fencing: true, autoRenew: false });
    const tried = await lock.tryAcquireLease(null, 'b', LONG, { fencing: true });
    const worked: number = await lock.withLock(
      null,
      'c',
      LONG,
      { fencing: true },
      async ({ fencingToken }) => fencingToken,
    );
    const tokens: readonly number[] = [lease.fencingToken, tried?.fencingToken ?? 0, worked];
    const kept: FencedLease = lease;
    const plain: Lease = kept;

    expect(tokens.every((token) => token > 0)).to.equal(true);
    expect(plain.fencingToken).to.equal(tokens[0]);
  });

  it('is a number or null where it was not, or only perhaps', async () => {
    const lock = await locks.open({ connections: addressesOf(masters) });
    const options: LeaseOptions = {};
    const leases = [
      await lock.acquireLease(null, 'a', LONG),
      await lock.acquireLease(null, 'b', LONG, options),
      await lock.acquireLease(null, 'c', LONG, { fencing: false }),
      await lock.tryAcquireLease(null, 'd', LONG, null),
    ];
    // @ts-expect-error no token was asked for
    const token: number | undefined = leases[0]?.fencingToken;
    // @ts-expect-error whether one was asked for is not known to the compiler
    const perhaps: number | undefined = leases[1]?.fencingToken;

    expect([token, perhaps, leases[2]?.fencingToken, leases[3]?.fencingToken]).to.deep.equal([null, null, null, null]);
  });
});

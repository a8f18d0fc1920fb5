import { expect } from 'chai';
import { HeldLocks } from '../../../lib/lease/HeldLocks';
import type { Lease } from '../../../lib/lease/Lease';

/** More than are kept before a sweep. */
const MANY = 1025;

class HeldLease {
  hasLeft = false;

  constructor(
    readonly keys: readonly string[],
    private readonly isHeld: boolean,
  ) {}

  isValid = (): boolean => this.isHeld;
  leave = (): void => void (this.hasLeft = true);
  asLease = (): Lease => this as unknown as Lease;
}

describe('What is held', () => {
  it('is forgotten by its key, too, when it has gone and nobody releases it', () => {
    const held = new HeldLocks();
    const [gone, other] = [new HeldLease(['a', 'b'], true), new HeldLease(['b'], true)];
    for (const lease of [gone, other]) {
      held.add(lease.asLease(), lease.leave);
      for (const key of lease.keys) held.nameByKey(key, lease.asLease());
    }
    held.remove(gone.asLease());

    expect(held.take('a')).to.equal(null);
    expect(held.take('b')).to.equal(other);
  });

  it('gives up its places in line when it has run out and is forgotten', () => {
    const held = new HeldLocks();
    const leases = Array.from({ length: MANY }, (_, index) => new HeldLease([`key ${index}`], index === 0));
    for (const lease of leases) held.add(lease.asLease(), lease.leave);

    // The first is held, and the last one came behind the sweep.
    expect(leases.flatMap(({ hasLeft }, index) => (hasLeft ? [] : [index]))).to.eql([0, MANY - 1]);
    expect(held.size).to.equal(1);
  });
});

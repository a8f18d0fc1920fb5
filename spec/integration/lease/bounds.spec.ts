import { expect } from 'chai';
import { BadRequestException } from 'pip-services4-commons-node';
import type { LeaseOptions } from '../../../lib';
import { addressesOf, thrownBy, useLocks, useMasters } from '../lock/locks';

const LONG = 60_000;
const WRONG_MS = [NaN, Infinity, -1, 0, 9, 10.5, 2_147_483_648, '100'] as readonly number[];

describe('The times of a lease', () => {
  const locks = useLocks();
  const masters = useMasters(1);
  const open = () => locks.open({ connections: addressesOf(masters) });

  for (const wrongMs of WRONG_MS) {
    const shown = JSON.stringify(wrongMs) + (Number.isFinite(wrongMs) ? '' : ` (${wrongMs})`);

    it(`are refused where a ttl or a longest hold is ${shown}`, async () => {
      const lock = await open();
      await thrownBy(lock.tryAcquireLease('123', 'key', wrongMs), BadRequestException, 'BAD_TTL');
      await thrownBy(lock.acquireLease('123', 'key', wrongMs), BadRequestException, 'BAD_TTL');
      const capped: LeaseOptions = { autoRenew: true, maxHold: wrongMs };
      await thrownBy(lock.acquireLease('123', 'key', LONG, capped), BadRequestException, 'BAD_TTL');
      expect(lock.getStatus().held).to.equal(0);
    });
  }

  it('are refused where a timeout is none', async () => {
    const lock = await open();
    for (const timeout of [NaN, -1, 0.5]) {
      await thrownBy(lock.acquireLease('123', 'key', LONG, { timeout }), BadRequestException, 'BAD_TIMEOUT');
    }
  });

  for (const wrongMs of WRONG_MS) {
    it(`are refused where one is extended for ${String(wrongMs)}, and the lease is as it was`, async () => {
      const lock = await open();
      const lease = await lock.acquireLease('123', 'key', LONG);
      await thrownBy(lease.extend(wrongMs), BadRequestException, 'BAD_TTL');

      expect(lease.remaining()).to.be.above(LONG - 10_000);
      expect(lease.signal.aborted).to.equal(false);
    });
  }
});

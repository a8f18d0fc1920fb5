import { expect } from 'chai';
import { BadRequestException, ConfigException, InvalidStateException } from 'pip-services4-commons-node';
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

  for (const [title, options, part] of [
    ['one is misspelled', { autorenew: true }, 'have no autorenew; they take autoRenew, maxHold, fencing'],
    ['one is no flag', { autoRenew: 'yes' }, 'take true or false for autoRenew'],
    ['one is no flag, either', { fencing: 1 }, 'take true or false for fencing'],
    ['they are none', null, 'are null, no object'],
  ] as const) {
    it(`are refused, and the options with them, where ${title}`, async () => {
      const lock = await open();
      const given = options as unknown as LeaseOptions;
      for (const asked of [
        lock.tryAcquireLease('123', 'key', LONG, given),
        lock.acquireLease('123', 'key', LONG, given),
      ]) {
        const { message } = await thrownBy(asked, ConfigException, 'BAD_OPTION');
        expect(message).to.include(part);
      }
      expect(lock.getStatus()).to.include({ held: 0, waiters: 0 });
    });
  }

  it('come with a signal that is one', async () => {
    const lock = await open();
    const given = { signal: {} } as unknown as LeaseOptions;
    await thrownBy(lock.acquireLease('123', 'key', LONG, given), ConfigException, 'BAD_OPTION');
  });

  it('are refused by their own names', async () => {
    const lock = await open();
    const asked = lock.acquireLease('123', 'key', LONG, { autoRenew: true, maxHold: -1 });
    expect((await thrownBy(asked, BadRequestException, 'BAD_TTL')).message).to.match(/^The maxHold must be/);
  });

  it('may be extended no more once its lock is closed', async () => {
    const lock = await locks.open({ connections: addressesOf(masters), options: { release_on_close: false } });
    const lease = await lock.acquireLease('123', 'key', LONG);
    await lock.close('123');
    await thrownBy(lease.extend(LONG), InvalidStateException, 'CLOSED');
  });

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

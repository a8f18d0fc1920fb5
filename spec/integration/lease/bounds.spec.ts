import { expect } from 'chai';
import { BadRequestException, ConfigException, InvalidStateException } from 'pip-services4-commons-node';
import type { LeaseOptions } from '../../../lib';
import { until } from '../../support/until';
import { addressesOf, thrownBy, useLocks, useMasters } from '../lock/locks';
import { endMs, lastEndMs } from './endMs';

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
    ['they are none', 'fast', 'are fast, no object'],
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

  it('are taken as left out where one is null, or all are', async () => {
    const lock = await open();
    const none = { timeout: null, signal: null, autoRenew: null, maxHold: null, fencing: null };
    await (await lock.acquireLease('123', 'key', LONG, none)).release();
    await (await lock.acquireLease('123', 'key', LONG, null)).release();
    await (await lock.tryAcquireLease('123', 'key', LONG, null))?.release();
    await lock.withLock('123', 'key', LONG, null, async () => {});
    await lock.acquireLock('123', 'key', LONG, null, null);
    await lock.releaseLock('123', 'key');
    expect(lock.getStatus().held).to.equal(0);
  });

  it('are kept to a longest hold that is shorter than the ttl, whoever keeps the lease', async () => {
    const lock = await open();
    const maxHold = 400;
    for (const autoRenew of [true, false]) {
      const lease = await lock.acquireLease('123', 'key', LONG, { autoRenew, maxHold, timeout: LONG });
      expect(await masters[0]?.command('PTTL', 'key')).to.be.at.most(maxHold);
      await lease.extend(LONG).catch(() => {});
      expect(lease.remaining()).to.be.at.most(maxHold);
      expect(await masters[0]?.command('PTTL', 'key')).to.be.at.most(maxHold);
      const { signal } = lease;
      await until(() => signal.aborted, 'its signal has fired');
      expect(signal.reason).to.include({ code: 'LOCK_LOST' });
    }
  });

  it('end with a longest hold that is longer than the ttl, and that renewals have reached', async () => {
    const lock = await open();
    const [ttl, maxHold] = [3000, 3500];
    const lease = await lock.acquireLease('123', 'key', ttl, { autoRenew: true, maxHold, timeout: LONG });
    const acquiredMs = performance.now();
    const firstEndMs = endMs(lease);
    expect(await lastEndMs(lease))
      .to.be.above(firstEndMs + 100)
      .and.at.most(acquiredMs + maxHold);
    expect(lease.signal.reason).to.include({ code: 'LOCK_LOST' });
  });

  it('come with a signal of another realm, too', async () => {
    const lock = await open();
    const controller = new AbortController();
    const { signal } = controller;
    const foreign = {
      get aborted() {
        return signal.aborted;
      },
      addEventListener: signal.addEventListener.bind(signal),
      throwIfAborted: signal.throwIfAborted.bind(signal),
    } as unknown as AbortSignal;
    const lease = await lock.acquireLease('123', 'key', LONG);
    const asked = lock.acquireLease('123', 'key', LONG, { timeout: LONG, signal: foreign });
    await until(() => lock.getStatus().waiters === 1, 'it waits');
    controller.abort(new Error('enough'));
    expect(await asked.catch((error: Error) => error.message)).to.equal('enough');
    await lease.release();
  });

  it('come with work that is a function, before anything is acquired', async () => {
    const lock = await open();
    const work = async (): Promise<void> => expect.fail('it was begun');
    const withLock = lock.withLock.bind(lock) as (...args: unknown[]) => Promise<unknown>;
    for (const rest of [[], [undefined], [{}], [{}, undefined], [work, {}], [{}, 'work']]) {
      await thrownBy(withLock('123', 'key', LONG, ...rest), ConfigException, 'BAD_OPTION');
    }
    await thrownBy(withLock('123', 'key', work), ConfigException, 'BAD_OPTION');
    expect(lock.getStatus()).to.include({ held: 0, waiters: 0 });
  });

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

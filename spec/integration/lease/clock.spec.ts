import { expect } from 'chai';
import { createSandbox } from 'sinon';
import { until } from '../../support/until';
import { addressesOf, thrownBy, useLocks, useMasters } from '../lock/locks';
import { ConfigException, BadRequestException } from 'pip-services4-commons-node';
import { Descriptor, References, type AdoptOptions, type HandedOver } from '../../../lib';
import { untilWaiting } from '../wait/waiting';
import { endMs, lastEndMs } from './endMs';

const LONG = 60_000;
const ignore = (): void => {};

describe('A lease when the wall clock is set forward', () => {
  const sandbox = createSandbox();
  const locks = useLocks();
  const masters = useMasters(1);
  afterEach(() => sandbox.restore());

  const open = (warnings: string[] = [], options: object = { retry_timeout: 10 }) => {
    const logger = { info: ignore, trace: ignore, warn: (_: unknown, message: string) => void warnings.push(message) };
    const references = new References();
    references.put(new Descriptor('app', 'logger', 'x', 'y', '1.0'), logger);
    return locks.open({ connections: addressesOf(masters), options }, references);
  };
  /** As a machine that has slept: the monotonic clock has stood still. */
  const setForward = (): void => {
    const { now } = Date;
    sandbox.stub(Date, 'now').callsFake(() => now() + 2 * LONG);
  };

  it('fires the signal that was taken before', async () => {
    const lease = await (await open()).acquireLease('123', 'key', LONG);
    const { signal } = lease;
    setForward();
    expect(lease.isValid()).to.equal(false);
    await until(() => signal.aborted, 'its signal has fired');
    expect(signal.reason).to.include({ code: 'LOCK_LOST' });
  });

  it('is lost where it renews itself, though nobody has taken its signal', async () => {
    const lock = await open();
    await lock.acquireLease('123', 'key', LONG, { autoRenew: true });
    setForward();
    await until(async () => (await masters[0]?.command('EXISTS', 'key')) === 0, 'what is left of it was given back');
  });

  it('lets the next in line of this process go on', async () => {
    const lock = await open();
    await lock.acquireLease('123', 'key', LONG);
    const next = lock.acquireLease('123', 'key', LONG, { timeout: LONG });
    await until(() => lock.getStatus().waiters === 1, 'it waits');
    await masters[0]?.command('DEL', 'key');
    setForward();
    expect((await next).isValid()).to.equal(true);
  });

  it('is lost where the next in line goes on, though nobody has taken its signal', async () => {
    const lost: string[] = [];
    const lock = await open(lost);
    const lease = await lock.acquireLease('123', 'key', LONG);
    const next = lock.acquireLease('123', 'key', LONG, { timeout: LONG });
    await until(() => lock.getStatus().waiters === 1, 'it waits');
    setForward();
    // What was left of it on the masters was given back, or they would refuse the next one for as long as its ttl is.
    expect((await next).isValid()).to.equal(true);
    expect(lost).to.include('Lost lock key while it was held');

    // The clock is set right: whoever was passed over does not hold it again.
    sandbox.restore();
    expect(lease.isValid()).to.equal(false);
    expect(lease.signal.reason).to.include({ code: 'LOCK_LOST' });
    await (await next).release();
  });

  it('is waited for by another process no longer than the wall clock says', async () => {
    const [holder, waiter] = [await open(), await open([], { retry_timeout: 5 * LONG, retry_jitter: 0 })];
    await holder.acquireLock('123', 'key', LONG);
    const next = waiter.acquireLease('123', 'key', LONG, { timeout: 10 * LONG });
    await untilWaiting(masters, 'key');
    // Nobody tells of a lock that runs out.
    await masters[0]?.command('DEL', 'key');
    setForward();
    expect((await next).isValid()).to.equal(true);
  });
});

describe('A lease that is adopted', () => {
  const locks = useLocks();
  const masters = useMasters(1);
  const open = () => locks.open({ connections: addressesOf(masters) });

  it('renews itself where it is asked to, up to its longest hold', async () => {
    const [first, second] = [await open(), await open()];
    const [ttl, maxHold] = [3000, 3500];
    const handedOver = (await first.acquireLease('123', 'key', ttl)).handOver();
    const lease = await second.adoptLease('123', handedOver, { autoRenew: true, maxHold });
    const adoptedMs = performance.now();
    const firstEndMs = endMs(lease);
    expect(await lastEndMs(lease))
      .to.be.above(firstEndMs + 100)
      .and.at.most(adoptedMs + maxHold);
  });

  it('never stands for longer than its longest hold', async () => {
    const [first, second] = [await open(), await open()];
    const handedOver = (await first.acquireLease('123', 'key', LONG)).handOver();
    const lease = await second.adoptLease('123', handedOver, { maxHold: 10_000 });
    expect(lease.remaining()).to.be.at.most(10_000);
    expect(await masters[0]?.command('PTTL', 'key')).to.be.at.most(10_000);
    await lease.release();
  });

  it('takes no option that it would ignore, and nothing that was not handed over', async () => {
    const lock = await open();
    const handedOver = {
      keys: ['key'],
      token: 'token',
      formerTokens: [],
      ttl: LONG,
      longestTtl: LONG,
      fencingToken: null,
    };
    for (const [options, part] of [
      [{ fencing: true }, 'where it is acquired'],
      [{ timeout: 10 }, 'adoptLease(context, handedOver'],
      [{ autorenew: true }, 'they take autoRenew, maxHold'],
    ] as const) {
      const asked = lock.adoptLease('123', handedOver, options as unknown as AdoptOptions);
      expect((await thrownBy(asked, ConfigException, 'BAD_OPTION')).message).to.include(part);
    }
    for (const wrong of [null, undefined, {}, 'token', { keys: ['key'], ttl: LONG }]) {
      await thrownBy(lock.adoptLease('123', wrong as unknown as HandedOver), BadRequestException, 'BAD_KEY');
    }
  });
});

import { expect } from 'chai';
import { InvalidStateException } from 'pip-services4-commons-node';
import { Descriptor, References } from '../../../lib';
import { awakeMs } from '../../support/AwakeClock';
import { until } from '../../support/until';
import {
  addressesOf,
  setForeignLock,
  standsOnAll,
  standsOnNone,
  thrownBy,
  useLocks,
  useMasters,
  valuesOn,
} from './locks';

const LONG = 60_000;
/** What a busy machine may add to a time that is waited for. */
const SLACK_MS = 400;

describe("A lock's close", () => {
  const locks = useLocks();
  const masters = useMasters(3);

  const configOf = (options: object = {}): { connections: object; options: object } => ({
    connections: addressesOf(masters),
    options: { retry_timeout: 10, node_timeout: 200, connect_timeout: LONG, ...options },
  });

  it('is done once, however often it is called', async () => {
    const lock = await locks.open(configOf());
    await Promise.all([lock.close('123'), lock.close('123')]);
    await lock.close('123');
    expect(lock.isOpen()).to.equal(false);
  });

  it('does nothing to a lock that was never opened', async () => {
    const lock = locks.create(configOf());
    await lock.close('123');
    await lock.open('123');
    expect(lock.isOpen()).to.equal(true);
  });

  it('leaves no connection', async () => {
    const lock = await locks.open(configOf());
    await lock.acquireLock('123', 'key', LONG);
    await lock.close('123');
    for (const master of masters) {
      const clients = async (): Promise<string> => String(await master.command('CLIENT', 'LIST')).trim();
      await until(async () => !(await clients()).includes('\n'), 'nobody but who asks is connected');
    }
  });

  it('gives back what is held', async () => {
    const lock = await locks.open(configOf());
    await Promise.all(['one', 'two'].map((key) => lock.acquireLock('123', key, LONG)));
    await lock.close('123');

    const left = async (): Promise<readonly unknown[]> =>
      (await Promise.all(['one', 'two'].map((key) => valuesOn(masters, key)))).flat();
    await until(async () => (await left()).every((value) => value === null), 'nothing is held');
    expect(lock.getStatus().held).to.equal(0);
  });

  it('leaves what is held where release_on_close is off', async () => {
    const lock = await locks.open(configOf({ release_on_close: false }));
    await lock.acquireLock('123', 'key', LONG);
    await until(() => standsOnAll(masters, 'key'), 'it stands on each master');
    const held = await valuesOn(masters, 'key');
    await lock.close('123');

    expect(await valuesOn(masters, 'key')).to.deep.equal(held);
    await lock.open('123');
    expect(lock.getStatus().held).to.equal(0);
    expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(false);
  });

  it('ends every wait with CLOSED', async () => {
    const lock = await locks.open(configOf());
    await Promise.all(masters.map((master) => setForeignLock(master, 'key')));
    const waiting = [LONG, LONG, undefined].map((timeout) =>
      thrownBy(lock.acquireLock('123', 'key', LONG, timeout), InvalidStateException, 'CLOSED'),
    );
    expect(lock.getStatus().waiters).to.equal(3);

    expect(await awakeMs(() => lock.close('123'))).to.be.below(200 + SLACK_MS);
    await Promise.all(waiting);
    expect(lock.getStatus().waiters).to.equal(0);
    expect(await valuesOn(masters, 'key')).to.deep.equal(['theirs', 'theirs', 'theirs']);
  });

  it('gives back what a call under way is granted', async () => {
    const lock = await locks.open(configOf());
    const calls = [lock.acquireLock('123', 'one', LONG, LONG), lock.tryAcquireLock('123', 'two', LONG)];
    const failures = calls.map((call) => thrownBy(call, InvalidStateException, 'CLOSED'));
    await lock.close('123');
    await Promise.all(failures);

    for (const key of ['one', 'two']) {
      await until(() => standsOnNone(masters, key), `${key} is free`);
    }
  });

  it('ends an open under way with CLOSED', async () => {
    await Promise.all(masters.slice(1).map((master) => master.kill()));
    const lock = locks.create(configOf());
    for (let turns = 0; turns < 20; turns += 4) {
      const opened = thrownBy(lock.open('123'), InvalidStateException, 'CLOSED');
      for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
      expect(await awakeMs(() => lock.close('123'))).to.be.below(SLACK_MS);
      await opened;
      expect(lock.isOpen()).to.equal(false);
    }
    await Promise.all(masters.map((master) => master.start()));
    await lock.open('123');
    expect(lock.isOpen()).to.equal(true);
  });

  it('ends an open that waits for discovery', async () => {
    const discovery = { resolveAll: () => new Promise(() => {}) };
    const references = References.fromTuples(new Descriptor('app', 'discovery', 'hung', 'default', '1.0'), discovery);
    const lock = locks.create({ connection: { discovery_key: 'masters' } }, references);
    const opened = thrownBy(lock.open('123'), InvalidStateException, 'CLOSED');

    expect(await awakeMs(() => lock.close('123'))).to.be.below(SLACK_MS);
    await opened;
  });
});

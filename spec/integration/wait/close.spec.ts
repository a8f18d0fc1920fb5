import { expect } from 'chai';
import { InvalidStateException } from 'pip-services4-commons-node';
import type { RedisLock } from '../../../lib';
import { until } from '../../support/until';
import { addressesOf, setForeignLock, standsOnNone, thrownBy, useLocks, useMasters, valuesOn } from '../lock/locks';
import { acquireEverywhere, begun, channelsOn, LONG, NO_POLLING, soon, untilWaiting } from './waiting';

const COUNT = 100;

describe('Those who wait for a lock that is closed', () => {
  const locks = useLocks();
  const masters = useMasters(3);
  let lock: RedisLock;

  beforeEach(async () => {
    lock = await open();
  });

  const open = (options: object = {}): Promise<RedisLock> =>
    locks.open({ connections: addressesOf(masters), options: { ...NO_POLLING, ...options } });
  const takeForeign = (): Promise<unknown> => Promise.all(masters.map((master) => setForeignLock(master, 'key')));
  /** So many calls, each of which ends with CLOSED. */
  const closedCalls = (count: number): Promise<unknown> =>
    Promise.all(
      Array.from({ length: count }, () =>
        thrownBy(lock.acquireLock('123', 'key', LONG, LONG), InvalidStateException, 'CLOSED'),
      ),
    );
  const expectNobodyListens = async (): Promise<void> => {
    for (const master of masters) await until(async () => (await channelsOn(master)).length === 0, 'nobody listens');
  };

  it('are told so, a hundred behind one that sleeps', async () => {
    await takeForeign();
    const calls = begun(closedCalls(COUNT));
    await untilWaiting(masters, 'key');
    expect(lock.getStatus().waiters).to.equal(COUNT);
    await soon(lock.close('123'), 'it is closed');

    await calls;
    await expectNobodyListens();
    expect(await valuesOn(masters, 'key')).to.eql(['theirs', 'theirs', 'theirs']);
  });

  it('are told so behind one that holds, and that is given back', async () => {
    await acquireEverywhere(lock, masters);
    const calls = begun(closedCalls(COUNT));
    await soon(lock.close('123'), 'it is closed');

    await calls;
    await until(() => standsOnNone(masters, 'key'), 'it is given back');
  });

  it('are told so in the midst of an attempt, and what it has won is given back', async () => {
    const calls = begun(closedCalls(COUNT));
    await soon(lock.close('123'), 'it is closed');

    await calls;
    await until(() => standsOnNone(masters, 'key'), 'it is given back');
  });

  it('are told so while the line lets others pass', async () => {
    const other = await open();
    await acquireEverywhere(lock, masters);
    const passing = begun(other.acquireLock('123', 'key', LONG, LONG));
    await untilWaiting(masters, 'key');
    await lock.releaseLock('123', 'key');
    const calls = begun(closedCalls(2));
    await soon(lock.close('123'), 'it is closed');

    await calls;
    await soon(passing, 'the other one has it');
  });

  it('are told so while they poll', async () => {
    await takeForeign();
    lock = await open({ notify: false, retry_timeout: 50 });
    const calls = begun(closedCalls(3));
    await soon(lock.close('123'), 'it is closed');

    await calls;
  });
});

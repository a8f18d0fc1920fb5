import { expect } from 'chai';
import { ConflictException } from 'pip-services4-commons-node';
import type { RedisLock } from '../../../lib';
import type { Master } from '../../support/Master';
import { describeOnMasters } from '../../support/onMasters';
import { until } from '../../support/until';
import { addressesOf, standsOnAll, standsOnNone, thrownBy, useLocks, useMasters } from '../lock/locks';
import { begun, LONG, NO_POLLING, untilWaiting } from '../wait/waiting';
import { keptOn } from './keptOn';

/** What an operator does. */
function deleteOn(masters: readonly Master[], key = 'key'): Promise<unknown> {
  return Promise.all(masters.map((master) => master.command('DEL', key)));
}

/** How often a master was asked to run something, and what its scripts have called. */
async function commandsOn(master: Master): Promise<{ readonly asked: number; readonly names: readonly string[] }> {
  const stats = String(await master.command('INFO', 'commandstats'));
  const names = [...stats.matchAll(/cmdstat_(\w+)/g)].map(([, name]) => name ?? '');
  return { asked: Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0), names };
}

const GONE = 'A lock that has gone from the masters, while a caller of the same process waits for it';

describeOnMasters(GONE, (bench) => {
  const locks = useLocks();
  const open = (options: object = {}): Promise<RedisLock> =>
    locks.open({ connections: bench.connections(), options: { retry_timeout: 10, ...options } });

  it('is lost for its holder, and then acquired by the caller', async () => {
    const lock = await open();
    const lease = await lock.acquireLease('123', 'key', LONG);
    const told: string[] = [];
    lease.signal.addEventListener('abort', () => told.push('lost'));
    const next = begun(
      lock.acquireLease('123', 'key', LONG, { timeout: LONG }).then((successor) => {
        told.push('acquired');
        return successor;
      }),
    );
    await until(() => lock.getStatus().waiters === 1, 'it waits');
    await deleteOn(bench.living);
    const successor = await next;

    expect(told).to.eql(['lost', 'acquired']);
    expect(lease.signal.reason).to.include({ code: 'LOCK_LOST' });
    await thrownBy(lease.extend(LONG), ConflictException, 'LOCK_LOST');
    expect((await lease.release()).kind).to.equal('expired');
    expect(successor.isValid()).to.equal(true);
    expect((await successor.release()).kind).to.equal('released');
  });
});

describe(`${GONE}, on 3 masters`, () => {
  const locks = useLocks();
  const masters = useMasters(3);
  const open = (options: object = {}): Promise<RedisLock> =>
    locks.open({ connections: addressesOf(masters), options: { retry_timeout: 10, ...options } });

  it('is acquired by the caller where it was acquired by key', async () => {
    const lock = await open();
    await lock.acquireLock('123', 'key', LONG);
    const next = begun(lock.acquireLock('123', 'key', LONG, LONG));
    await until(() => lock.getStatus().waiters === 1, 'it waits');
    await deleteOn(masters);
    await next;

    expect(lock.getStatus()).to.include({ held: 1, waiters: 0 });
  });

  it('is lost where one of its keys has gone', async () => {
    const lock = await open();
    const lease = await lock.acquireLease('123', ['key', 'other key'], LONG);
    const { signal } = lease;
    const next = begun(lock.acquireLease('123', 'key', LONG, { timeout: LONG }));
    await deleteOn(masters, 'other key');

    expect((await next).isValid()).to.equal(true);
    expect(signal.reason).to.include({ code: 'LOCK_LOST' });
  });

  it('is lost where a minority of the masters has it still', async () => {
    const lock = await open();
    const lease = await lock.acquireLease('123', 'key', LONG);
    const { signal } = lease;
    await until(() => standsOnAll(masters, 'key'), 'it stands on each master');
    const next = begun(lock.acquireLease('123', 'key', LONG, { timeout: LONG }));
    await deleteOn(masters.slice(1));

    expect((await next).isValid()).to.equal(true);
    expect(signal.reason).to.include({ code: 'LOCK_LOST' });
  });

  it('is lost where another process has acquired it since, and the caller waits for that one', async () => {
    const lock = await open();
    const lease = await lock.acquireLease('123', 'key', LONG);
    const { signal } = lease;
    await until(() => standsOnAll(masters, 'key'), 'it stands on each master');
    const next = begun(lock.acquireLease('123', 'key', LONG, { timeout: LONG }));
    await Promise.all(masters.map((master) => master.command('SET', 'key', 'theirs', 'PX', LONG)));
    await until(() => signal.aborted, 'its holder is told');
    expect(lock.getStatus()).to.include({ held: 0, waiters: 1 });
    await deleteOn(masters);

    expect((await next).isValid()).to.equal(true);
  });

  it('is lost where the masters have lost their memory, and have no vote for a while', async () => {
    const lock = await open({ restart_guard: LONG });
    const lease = await lock.acquireLease('123', 'key', LONG);
    const { signal } = lease;
    const next = begun(lock.acquireLease('123', 'key', LONG, { timeout: LONG }));
    await Promise.all(masters.map((master) => master.command('FLUSHALL')));
    await until(() => signal.aborted, 'its holder is told');

    expect(signal.reason).to.include({ code: 'LOCK_LOST' });
    await lock.close('123');
    await next.catch(() => {});
  });
});

for (const size of [1, 3, 5]) {
  describe(`A lock that a quorum of ${size} masters has, while a caller of the same process waits for it`, () => {
    const locks = useLocks();
    const masters = useMasters(size);
    const quorum = Math.floor(size / 2) + 1;
    const open = (options: object): Promise<RedisLock> => locks.open({ connections: addressesOf(masters), options });

    it('is read now and then, and nothing is written and nobody woken', async () => {
      const [lock, other] = [await open({ retry_timeout: 10 }), await open(NO_POLLING)];
      const lease = await lock.acquireLease('123', 'key', LONG);
      const { signal } = lease;
      await until(() => standsOnAll(masters, 'key'), 'it stands on each master');
      const outside = begun(other.acquireLease('123', 'key', LONG, { timeout: LONG }));
      await untilWaiting(masters, 'key');
      await deleteOn(masters.slice(quorum));
      const isKept = await keptOn(masters.slice(0, quorum), 'key');
      const next = begun(lock.acquireLease('123', 'key', LONG, { timeout: LONG }));
      await Promise.all(masters.map((master) => master.command('CONFIG', 'RESETSTAT')));
      for (const master of masters) {
        await until(async () => (await commandsOn(master)).asked > 0, 'it was read');
        expect((await commandsOn(master)).names).not.to.include.oneOf(['pexpire', 'publish', 'zadd']);
      }

      expect(signal.aborted).to.equal(false);
      expect(await isKept()).to.equal(true);
      expect(await standsOnNone(masters.slice(quorum), 'key')).to.equal(true);
      expect(lock.getStatus()).to.include({ held: 1, waiters: 1 });
      for (const instance of [lock, other]) await instance.close('123');
      await Promise.allSettled([outside, next]);
    });
  });
}

import { expect } from 'chai';
import { ConflictException } from 'pip-services4-commons-node';
import type { Lease, RedisLock } from '../../../lib';
import {
  addressesOf,
  setForeignLock,
  standsOnAll,
  standsOnNone,
  thrownBy,
  useLocks,
  useMasters,
  useProxies,
  valuesOn,
} from '../../integration/lock/locks';
import type { Master } from '../../support/Master';
import { until } from '../../support/until';

const LONG = 60_000;

/** What has a master refuse every write on a connection that stands, and what ends it. */
const REFUSALS = [
  ['NOREPLICAS', 'CONFIG SET min-replicas-to-write 1', 'CONFIG SET min-replicas-to-write 0'],
  ['READONLY', 'REPLICAOF 127.0.0.1 1', 'REPLICAOF NO ONE'],
] as const;

describe('The release of a lease among faults', () => {
  const locks = useLocks();
  const masters = useMasters(3);
  const proxies = useProxies(masters);
  const open = (): Promise<RedisLock> =>
    locks.open({ connections: addressesOf(proxies), options: { retry_timeout: 10, node_timeout: LONG } });
  const isAway = (lock: RedisLock, index: number): boolean => lock.getStatus().masters[index]?.state === 'away';
  const areReady = (lock: RedisLock): boolean => lock.getStatus().masters.every(({ state }) => state === 'ready');
  const isEverywhere = (): Promise<boolean> => standsOnAll(masters, 'key');
  async function acquireEverywhere(lock: RedisLock): Promise<Lease> {
    const lease = await lock.acquireLease('123', 'key', LONG);
    await until(isEverywhere, 'it stands on each master');
    return lease;
  }

  for (const [name, fault, mend] of REFUSALS) {
    describe(`refused with ${name} by every master`, () => {
      const tellAll = (command: string): Promise<unknown> =>
        Promise.all(masters.map((master) => master.command(...command.split(' '))));
      afterEach(() => tellAll(mend));

      it('is not said to be done, since the lock still stands', async () => {
        const lease = await acquireEverywhere(await open());
        await tellAll(fault);

        expect((await lease.release()).kind).to.equal('unreachable');
        expect(await isEverywhere()).to.equal(true);
      });
    });
  }

  it('is done where one master deleted it, one never had it and one is silent', async () => {
    const lock = await open();
    proxies[2]?.refuse();
    proxies[2]?.cut();
    await until(() => isAway(lock, 2), 'the third is away');
    const lease = await lock.acquireLease('123', 'key', LONG);
    await proxies[2]?.accept();
    await until(() => areReady(lock), 'the third is back');
    proxies[1]?.drop();
    const releasing = lease.release();
    proxies[1]?.refuse();
    proxies[1]?.cut();

    expect((await releasing).kind).to.equal('released');
  });

  it('is taken where the masters lost the lock, and unreachable where too few can say', async () => {
    const lock = await open();
    const lost = await acquireEverywhere(lock);
    await Promise.all([masters[0]?.command('DEL', 'key'), masters[1]?.command('DEL', 'key')]);
    expect((await lost.release()).kind).to.equal('taken');

    await until(() => standsOnNone(masters, 'key'), 'it is given back');
    const silent = await acquireEverywhere(lock);
    await masters[0]?.command('DEL', 'key');
    for (const proxy of proxies.slice(1)) proxy.drop();
    const releasing = silent.release();
    for (const proxy of proxies.slice(1)) {
      proxy.refuse();
      proxy.cut();
    }
    expect((await releasing).kind).to.equal('unreachable');
  });

  it('is taken where one master lost the lock and another one had never granted it', async () => {
    const lock = await open();
    await setForeignLock(masters[2] as Master, 'key');
    const lease = await lock.acquireLease('123', 'key', LONG);
    await masters[1]?.command('DEL', 'key');

    expect((await lease.release()).kind).to.equal('taken');
  });

  it('leaves nothing of a lock that was to be kept, and was lost', async () => {
    const lock = await open();
    const lease = await acquireEverywhere(lock);
    await Promise.all([masters[0]?.command('DEL', 'key'), masters[1]?.command('DEL', 'key')]);
    expect((await lease.release({ keepFor: LONG })).kind).to.equal('taken');

    await until(() => standsOnNone(masters, 'key'), 'it is given back');
  });

  it('deletes the other keys where one of them holds data of another type by now', async () => {
    const lock = await open();
    const lease = await lock.acquireLease('123', ['a', 'b', 'c'], LONG);
    await until(() => standsOnAll(masters, 'c'), 'it stands on each master');
    await Promise.all(masters.map((master) => master.command('DEL', 'b')));
    await Promise.all(masters.map((master) => master.command('HSET', 'b', 'field', '1')));

    expect((await lease.release()).kind).to.equal('taken');
    await until(
      async () => [...(await valuesOn(masters, 'a')), ...(await valuesOn(masters, 'c'))].every((one) => one === null),
      'the others are gone',
    );
  });

  it('has withLock throw LOCK_LOST with the result, where the lock was lost without a sign', async () => {
    const lock = await open();
    const work = async (): Promise<number> => {
      await Promise.all(masters.map((master) => master.command('DEL', 'key')));
      return 42;
    };
    const error = await thrownBy(lock.withLock('123', 'key', LONG, work), ConflictException, 'LOCK_LOST');

    expect(error).to.have.property('result', 42);
  });
});

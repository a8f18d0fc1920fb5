import { expect } from 'chai';
import { ConnectionException, InvalidStateException } from 'pip-services4-commons-node';
import type { HandedOver, RedisLock } from '../../../lib';
import { addressesOf, thrownBy, useLocks, useMasters, useProxies, valuesOn } from '../../integration/lock/locks';
import { until } from '../../support/until';

const LONG = 60_000;
const SHORT = 100;

describe('A lease that is handed over among faults', () => {
  const locks = useLocks();
  const masters = useMasters(3);
  const proxies = useProxies(masters);

  const openAt = (places: readonly { readonly port: number }[]): Promise<RedisLock> =>
    locks.open({ connections: addressesOf(places), options: { retry_timeout: 10, node_timeout: 400 } });
  const codeOf = ({ code }: { readonly code?: unknown }): unknown => code;
  const isEverywhere = async (): Promise<boolean> => !(await valuesOn(masters, 'key')).includes(null);
  const isNowhere = async (): Promise<boolean> => (await valuesOn(masters, 'key')).every((value) => value === null);
  const isReady = (lock: RedisLock): boolean => lock.getStatus().masters.every(({ state }) => state === 'ready');
  async function handedOver(): Promise<HandedOver> {
    const lock = await openAt(masters);
    const lease = await lock.acquireLease('123', 'key', LONG);
    await until(isEverywhere, 'it stands on each master');
    return lease.handOver();
  }

  it('is not brought back by the one who held it, after the one who took it over has released it', async () => {
    const [lock, heir] = [await openAt(proxies), await openAt(masters)];
    const lease = await lock.acquireLease('123', 'key', LONG);
    await until(isEverywhere, 'it stands on each master');
    await masters[2]?.command('DEL', 'key');
    // That it has lost the lock is heard after the hand-over.
    proxies[2]?.hold('down');
    await lease.extend(LONG);
    const adopted = await heir.adoptLease('123', lease.handOver());
    expect((await adopted.release()).kind).to.equal('released');
    await until(isNowhere, 'it was given back');
    proxies[2]?.pass();
    // Whatever was to be sent is on its way, and has been run.
    await lock.tryAcquireLock('123', 'another key', LONG);
    await lock.close('123');

    expect(await isNowhere()).to.equal(true);
  });

  it('is given back where the lock is closed before it is adopted', async () => {
    const heir = await openAt(proxies);
    const handed = await handedOver();
    for (const proxy of proxies) proxy.hold('down');
    const adopting = thrownBy(heir.adoptLease('123', handed), InvalidStateException, 'CLOSED');
    const closing = heir.close('123');
    for (const proxy of proxies) proxy.pass();
    await Promise.all([adopting, closing]);

    expect(await isNowhere()).to.equal(true);
  });

  it('is taken back from each master when its release was lost, also from one that had not answered', async () => {
    const heir = await openAt(proxies);
    const handed = await handedOver();
    proxies[2]?.hold('down');
    const adopted = await heir.adoptLease('123', handed);
    for (const proxy of proxies) proxy.drop();
    await adopted.release();
    for (const proxy of proxies) proxy.pass();
    await until(() => isReady(heir), 'the masters are back');

    await until(isNowhere, 'it is taken back');
  });

  it('is not taken back by the one who held it, from a master that had not answered it', async () => {
    const [lock, heir] = [await openAt(proxies), await openAt(masters)];
    proxies[2]?.drop();
    const lease = await lock.acquireLease('123', 'key', LONG);
    await until(() => lock.getStatus().masters[2]?.state === 'away', 'it is silent');
    const adopted = await heir.adoptLease('123', lease.handOver());
    await until(isEverywhere, 'the heir has it everywhere');
    proxies[2]?.pass();
    await until(() => isReady(lock), 'what was owed to it is done');

    expect(adopted.isValid()).to.equal(true);
    expect(await isEverywhere()).to.equal(true);
  });

  it('is not cut short by what its former holder had under way', async () => {
    const [lock, heir, other] = [await openAt(proxies), await openAt(masters), await openAt(masters)];
    const lease = await lock.acquireLease('123', 'key', LONG);
    await until(isEverywhere, 'it stands on each master');
    for (const proxy of proxies) proxy.hold('up');
    const extending = thrownBy(lease.extend(4 * SHORT), InvalidStateException, 'NOT_HELD');
    await until(() => lease.remaining() < LONG / 2, 'the extension is under way');
    const adopted = await heir.adoptLease('123', lease.handOver());
    for (const proxy of proxies) proxy.pass();
    await extending;

    expect(await other.acquireLock('123', 'key', LONG, 8 * SHORT).catch(codeOf)).to.equal('LOCK_TIMEOUT');
    expect(adopted.isValid()).to.equal(true);
  });

  it('is not cut short by an adoption that came to nothing, and comes through late', async () => {
    const [failing, heir, other] = [await openAt(proxies), await openAt(masters), await openAt(masters)];
    const handed = { ...(await handedOver()), ttl: 4 * SHORT };
    for (const proxy of proxies) proxy.hold('up');
    await thrownBy(failing.adoptLease('123', handed), ConnectionException, 'NO_QUORUM');
    const adopted = await heir.adoptLease('123', handed);
    await adopted.extend(LONG);
    for (const proxy of proxies) {
      // What was held back arrives, and nobody comes to take it back.
      proxy.refuse();
      proxy.pass();
    }

    expect(await other.acquireLock('123', 'key', LONG, 8 * SHORT).catch(codeOf)).to.equal('LOCK_TIMEOUT');
    expect(adopted.isValid()).to.equal(true);
  });

  it('is given back by the one who held it where a master grants it only after the heir has gone', async () => {
    const [lock, heir] = [await openAt(proxies), await openAt(masters)];
    proxies[2]?.hold('up');
    const lease = await lock.acquireLease('123', 'key', LONG);
    const adopted = await heir.adoptLease('123', lease.handOver());
    expect((await adopted.release()).kind).to.equal('released');
    await heir.close('123');
    proxies[2]?.pass();
    await lock.close('123');

    expect(await isNowhere()).to.equal(true);
  });
});

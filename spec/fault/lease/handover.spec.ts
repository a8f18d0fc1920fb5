import { expect } from 'chai';
import { ConnectionException, InvalidStateException } from 'pip-services4-commons-node';
import { createSandbox } from 'sinon';
import type { HandedOver, RedisLock } from '../../../lib';
import { Voter } from '../../../lib/quorum/Voter';
import {
  addressesOf,
  standsOnAll,
  standsOnNone,
  thrownBy,
  useLocks,
  useMasters,
  useProxies,
  valuesOn,
} from '../../integration/lock/locks';
import type { TcpProxy } from '../../support/TcpProxy';
import { until } from '../../support/until';

const LONG = 60_000;
const SHORT = 100;

describe('A lease that is handed over among faults', () => {
  const sandbox = createSandbox();
  afterEach(() => sandbox.restore());
  const locks = useLocks();
  const masters = useMasters(3);
  const proxies = useProxies(masters);

  // Without a short one, the fault ends a wait, and not the clock.
  const openAt = (places: readonly { readonly port: number }[], nodeTimeoutMs = LONG): Promise<RedisLock> =>
    locks.open({ connections: addressesOf(places), options: { retry_timeout: 10, node_timeout: nodeTimeoutMs } });
  /** The connections are gone, and there are no others. */
  const sever = (some: readonly TcpProxy[]): void => {
    for (const proxy of some) {
      proxy.refuse();
      proxy.cut();
    }
  };
  const isRefused = (lock: RedisLock, index: number): boolean =>
    lock.getStatus().masters[index]?.lastError?.includes('ECONNREFUSED') ?? false;
  const mend = async (): Promise<void> => {
    for (const proxy of proxies) {
      proxy.pass();
      await proxy.accept();
    }
  };
  const codeOf = ({ code }: { readonly code?: unknown }): unknown => code;
  const isEverywhere = (): Promise<boolean> => standsOnAll(masters, 'key');
  const isNowhere = (): Promise<boolean> => standsOnNone(masters, 'key');
  const isReady = (lock: RedisLock): boolean => lock.getStatus().masters.every(({ state }) => state === 'ready');
  async function handedOver(): Promise<HandedOver> {
    const lock = await openAt(masters);
    const lease = await lock.acquireLease('123', 'key', LONG);
    await until(isEverywhere, 'it stands on each master');
    return lease.handOver();
  }

  /** Somebody takes it over, and has given it back and gone before anything else happens. */
  async function comeAndGo(heir: RedisLock, handed: HandedOver): Promise<void> {
    const adopted = await heir.adoptLease('123', handed);
    expect((await adopted.release()).kind).to.equal('released');
    await heir.close('123');
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
    const releasing = adopted.release();
    sever(proxies);
    await releasing;
    await mend();
    await until(() => isReady(heir), 'the masters are back');

    await until(isNowhere, 'it is taken back');
  });

  it('is not taken back by the one who held it, from a master that had not answered it', async () => {
    const [lock, heir] = [await openAt(proxies), await openAt(masters)];
    proxies[2]?.drop();
    const lease = await lock.acquireLease('123', 'key', LONG);
    sever(proxies.slice(2));
    await until(() => isRefused(lock, 2), 'it has gone, and takes no second try');
    const adopted = await heir.adoptLease('123', lease.handOver());
    await until(isEverywhere, 'the heir has it everywhere');
    await mend();
    await until(() => isReady(lock), 'what was owed to it is done');

    expect(adopted.isValid()).to.equal(true);
    expect(await isEverywhere()).to.equal(true);
  });

  it('is not cut short by what its former holder had under way', async () => {
    const [lock, heir, other] = [await openAt(proxies), await openAt(masters), await openAt(masters)];
    const lease = await lock.acquireLease('123', 'key', LONG);
    await until(isEverywhere, 'it stands on each master');
    for (const proxy of proxies) proxy.hold('up');
    const extending = thrownBy(lease.extend(LONG / 4), InvalidStateException, 'NOT_HELD');
    await until(() => lease.remaining() < LONG / 2, 'the extension is under way');
    const adopted = await heir.adoptLease('123', lease.handOver());
    for (const proxy of proxies) proxy.pass();
    await extending;
    // Once it is closed, every master has run what was under way.
    await lock.close('123');

    for (const master of masters) expect(await master.command('PTTL', 'key')).to.be.above(LONG / 2);
    expect(await other.tryAcquireLock('123', 'key', LONG)).to.equal(false);
    expect(adopted.isValid()).to.equal(true);
  });

  it('is not cut short by an adoption that came to nothing, and comes through late', async () => {
    // The first to open founds the set, and is not to do so without a master that is late.
    const [heir, other, failing] = [await openAt(masters), await openAt(masters), await openAt(proxies, 400)];
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
    await comeAndGo(heir, lease.handOver());
    proxies[2]?.pass();
    await lock.close('123');

    expect(await isNowhere()).to.equal(true);
  });

  it('is kept and given back also by a master that has missed who took it over', async () => {
    const heir = await openAt(proxies);
    const handed = await handedOver();
    proxies[2]?.drop();
    const adopted = await heir.adoptLease('123', handed);
    sever(proxies.slice(2));
    await until(() => isRefused(heir, 2), 'it has gone, and takes no second try');
    await mend();
    await until(() => isReady(heir), 'it is back');
    expect(await masters[2]?.command('GET', 'key')).to.equal(handed.token);
    await adopted.extend(LONG);
    await until(async () => (await masters[2]?.command('GET', 'key')) !== handed.token, 'it knows of the heir');

    await masters[2]?.command('SET', 'key', handed.token);
    await adopted.release();
    await until(isNowhere, 'no master has it');
  });

  it('of several keys is given back wherever one of them stands under its former token', async () => {
    const [lock, heir] = [await openAt(masters), await openAt(masters)];
    const lease = await lock.acquireLease('123', ['key', 'other'], LONG);
    await until(() => standsOnAll(masters, 'other'), 'they stand on each master');
    await masters[2]?.command('DEL', 'other');
    const adopted = await heir.adoptLease('123', lease.handOver());
    await adopted.release();

    await until(isNowhere, 'no master has it');
  });

  it('is given back by the one who held it where that one was just healing a master', async () => {
    const [lock, heir] = [await openAt(proxies), await openAt(masters)];
    const lease = await lock.acquireLease('123', 'key', LONG);
    await until(isEverywhere, 'it stands on each master');
    await masters[2]?.command('DEL', 'key');
    proxies[2]?.hold('down');
    await lease.extend(LONG);
    const heal = sandbox.spy(Voter.prototype, 'heal');
    // The answer comes, and what follows upon it is held.
    proxies[2]?.hold('up');
    await until(() => heal.called, 'it is being healed');
    await comeAndGo(heir, lease.handOver());
    proxies[2]?.pass();
    await lock.close('123');

    expect(await isNowhere()).to.equal(true);
  });

  it('is given back by a close after an adoption of which nobody knows whether it was run', async () => {
    const heir = await openAt(proxies);
    const handed = await handedOver();
    for (const proxy of proxies) proxy.hold('down');
    const adopting = thrownBy(heir.adoptLease('123', handed), ConnectionException, 'NO_QUORUM');
    const isRun = async (): Promise<boolean> => !(await valuesOn(masters, 'key')).includes(handed.token);
    await until(isRun, 'each master has run it');
    sever(proxies);
    await adopting;
    await mend();
    await until(() => isReady(heir), 'the masters are back');
    await heir.close('123');

    await until(isNowhere, 'no master has it');
  });

  it('is taken over from no master that has forgotten who took it over before', async () => {
    const [heir, late] = [await openAt(masters), await openAt(masters)];
    const handed = await handedOver();
    const adopted = await heir.adoptLease('123', handed);
    const isQuarantined = (index: number) => (lock: RedisLock) =>
      (lock.getStatus().masters[index]?.quarantineMs ?? 0) > 0;
    for (const [index, master] of [...masters.entries()].slice(1)) {
      await master.kill();
      await master.start();
      // As from a snapshot of before.
      await master.command('SET', 'key', handed.token, 'PX', LONG);
      await until(() => [heir, late].every(isQuarantined(index)), 'it is admitted, into quarantine');
    }
    const { details } = await thrownBy(late.adoptLease('123', handed), ConnectionException, 'NO_QUORUM');

    expect(details.getAsString('masters').match(/: quarantined/g)).to.have.length(2);
    expect(adopted.isValid()).to.equal(true);
  });
});

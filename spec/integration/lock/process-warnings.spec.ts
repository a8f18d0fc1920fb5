import { expect } from 'chai';
import type { RedisLock } from '../../../lib';
import type { Master } from '../../support/Master';
import { startMasters } from '../../support/masters';
import { until } from '../../support/until';
import { addressesOf, standsOnNone, useLocks } from './locks';

const LONG = 60_000;
const PASSWORD = 'sesame';
const NAMES = ['primary-a', 'primary-b', 'primary-c'] as const;

describe('A lock without a logger', () => {
  const locks = useLocks();
  let masters: readonly Master[] = [];
  let warnings: string[] = [];
  const listen = ({ name, message }: Error): void => {
    if (name === 'RedisLockWarning') warnings.push(message);
  };

  before(async () => {
    masters = await startMasters(3, { args: ['--requirepass', PASSWORD] });
  });
  beforeEach(() => {
    warnings = [];
    process.on('warning', listen);
  });
  afterEach(async () => {
    process.off('warning', listen);
    await Promise.all(masters.map((master) => master.start()));
    await Promise.all(masters.map((master) => master.command('FLUSHALL')));
  });
  after(async () => {
    await Promise.all(masters.map((master) => master.stop()));
  });

  /** The masters by the names of their connections, each with a password of its own. */
  const open = (passwords: readonly string[] = [PASSWORD, PASSWORD, PASSWORD]): Promise<RedisLock> => {
    const sections = addressesOf(masters).map((address, at) => [NAMES[at], { ...address, password: passwords[at] }]);
    return locks.open({ connections: Object.fromEntries(sections), options: { connect_timeout: LONG } });
  };
  const labelOf = (index: number): string => `Redis master ${NAMES[index]} (127.0.0.1:${masters[index]?.port})`;
  /** Emitted warnings reach the listeners in a later turn. */
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const isReady = (lock: RedisLock): boolean => lock.getStatus().masters.every(({ state }) => state === 'ready');

  it('warns the process of a master that is dead, and of its quarantine, once each', async () => {
    const lock = await open();
    await until(() => isReady(lock), 'all are ready');
    expect(lock.getStatus().masters.map(({ name }) => name)).to.deep.equal(NAMES);
    await masters[0]?.kill();
    const lastErrorAt = (): string | null | undefined => lock.getStatus().masters[0]?.lastErrorAt;
    await until(() => (lock.getStatus().masters[0]?.lastError ?? '').includes('ECONNREFUSED'), 'it is tried again');
    const firstAt = lastErrorAt();
    await until(() => lastErrorAt() !== firstAt, 'the failure repeats');
    await turn();
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.include(`${labelOf(0)} has no vote: unreachable (`);

    await masters[0]?.start();
    await until(() => lock.getStatus().masters[0]?.state === 'quarantined', 'it is back');
    await turn();
    expect(warnings.slice(1).filter((line) => !line.includes('unreachable'))).to.have.length(1);
    expect(warnings.at(-1)).to.include(`${labelOf(0)} has no vote: quarantined (has lost its memory`);
  });

  it('warns the process of a wrong password', async () => {
    const lock = await open([PASSWORD, PASSWORD, 'wrong']);
    await until(() => lock.getStatus().masters[2]?.state === 'away', 'it is refused');
    await turn();
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.include(`${labelOf(2)} has no vote: wrong-password (`);
  });

  it('warns the process of a lock that is released too late, once until one is released in time', async () => {
    const lock = await open();
    await until(() => isReady(lock), 'all are ready');
    const late = async (key: string): Promise<void> => {
      const lease = await lock.acquireLease('123', key, 1_000);
      await until(() => standsOnNone(masters, key), 'it has run out');
      await lease.release();
    };
    const said = (): readonly string[] => warnings.filter((line) => line.includes('too late'));
    const [line, other] = ['key', 'other'].map((key) => `Lock ${key} was released too late: expired`);
    await late('key');
    await late('key');
    await late('other');
    await until(() => said().includes(other ?? ''), 'the last one is warned of');
    expect(said()).to.deep.equal([line, other]);
    await lock.acquireLock('123', 'key', LONG);
    await lock.releaseLock('123', 'key');
    await late('key');
    await until(() => said().length === 3, 'it is warned of again');
  });

  it('begins each warning with the name that its descriptor gives it, unless that is `default`', async () => {
    const connections = addressesOf(masters).map((address) => ({ ...address, password: PASSWORD }));
    for (const name of ['orders', 'default']) {
      const descriptor = `pip-services:lock:redlock:${name}:1.0`;
      await locks.open({ connections, descriptor, options: { speed: 1, connect_timeout: LONG } });
    }
    await turn();
    const warning = 'options.speed is not a known setting and is ignored';
    expect(warnings).to.deep.equal([`orders: ${warning}`, warning]);
  });
});

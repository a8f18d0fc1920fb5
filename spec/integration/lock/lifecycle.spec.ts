import { expect } from 'chai';
import { ConfigException, InvalidStateException } from 'pip-services4-commons-node';
import type { RedisLock } from '../../../lib';
import type { Master } from '../../support/Master';
import { startMasters } from '../../support/masters';
import { addressesOf, thrownBy, useLocks } from './locks';

const LONG = 60_000;

describe("A lock's life", () => {
  const locks = useLocks();
  let masters: readonly Master[] = [];

  before(async () => {
    masters = await startMasters(2);
  });
  afterEach(async () => {
    await Promise.all(masters.map((master) => master.resume()));
    await Promise.all(masters.map((master) => master.command('FLUSHALL')));
  });
  after(async () => {
    await Promise.all(masters.map((master) => master.stop()));
  });

  const configOf = (index: number, options: object = {}): { connections: object; options: object } => ({
    connections: addressesOf(masters.slice(index, index + 1)),
    options,
  });
  const isHeldOn = async (index: number, key: string): Promise<boolean> =>
    (await masters[index]?.command('EXISTS', key)) === 1;

  const uses: readonly (readonly [name: string, use: (lock: RedisLock) => Promise<unknown>])[] = [
    ['tryAcquireLock', (lock) => lock.tryAcquireLock('123', 'key', LONG)],
    ['acquireLock', (lock) => lock.acquireLock('123', 'key', LONG, LONG)],
    ['acquire', (lock) => lock.acquire('123', 'key')],
    ['releaseLock', (lock) => lock.releaseLock('123', 'key')],
  ];
  for (const [name, use] of uses) {
    it(`has no ${name} before open, while it opens or closes, and after close`, async () => {
      const refused = (): Promise<unknown> => thrownBy(use(lock), InvalidStateException, 'NOT_OPENED');
      const lock = locks.create(configOf(0));
      await refused();
      const opened = lock.open('123');
      await refused();
      await opened;
      const closed = lock.close('123');
      await refused();
      await closed;
      await refused();
      expect(await isHeldOn(0, 'key')).to.equal(false);
    });
  }

  it('begins anew with each open', async () => {
    const lock = locks.create(configOf(0));
    for (let life = 0; life < 3; life++) {
      await lock.open('123');
      expect(lock.getStatus()).to.include({ isOpen: true, held: 0, waiters: 0 });
      expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(true);
      expect(lock.getStatus().held).to.equal(1);
      await lock.close('123');
      expect(lock.getStatus()).to.deep.equal({
        ...{ isOpen: false, canLock: false },
        ...{ quorum: 0, masters: [], held: 0, waiters: 0 },
      });
    }
  });

  it('is opened again by an open while it closes, once it has closed', async () => {
    const lock = await locks.open(configOf(0, { node_timeout: 100 }));
    await lock.acquireLock('123', 'key', LONG);
    await masters[0]?.pause();
    lock.configure(configOf(1));
    const order: string[] = [];
    const closed = lock.close('123').then(() => order.push('closed'));
    await Promise.all([lock.open('123'), lock.open('123')]);
    order.push('open');
    await closed;

    expect(order).to.deep.equal(['closed', 'open']);
    expect(lock.getStatus()).to.include({ isOpen: true, held: 0 });
    expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(true);
  });

  it('is open when open was called last, after a close that met an open under way', async () => {
    const lock = locks.create(configOf(0));
    const first = thrownBy(lock.open('123'), InvalidStateException, 'CLOSED');
    const closed = lock.close('123');
    await lock.open('123');
    await Promise.all([first, closed]);

    expect(lock.isOpen()).to.equal(true);
  });

  it('goes by the configuration that it was opened with, until it is opened again', async () => {
    const lock = await locks.open(configOf(0));
    lock.configure(configOf(1, { key_prefix: 'new: ' }));
    await lock.acquireLock('123', 'key', LONG);
    expect([await isHeldOn(0, 'key'), await isHeldOn(1, 'new: key')]).to.deep.equal([true, false]);
    await lock.close('123');
    await lock.open('123');
    await lock.acquireLock('123', 'key', LONG);

    expect([await isHeldOn(0, 'key'), await isHeldOn(1, 'new: key')]).to.deep.equal([false, true]);
    expect(lock.getStatus().masters.map(({ address }) => address)).to.deep.equal([`127.0.0.1:${masters[1]?.port}`]);
  });

  it('keeps its configuration when a new one is refused', async () => {
    const lock = locks.create(configOf(0));
    const refused = async (): Promise<void> => lock.configure(configOf(1, { ttl: 'long' }));
    await thrownBy(refused(), ConfigException, 'BAD_OPTION');
    await lock.open('123');

    expect(lock.getStatus().masters.map(({ address }) => address)).to.deep.equal([`127.0.0.1:${masters[0]?.port}`]);
  });
});

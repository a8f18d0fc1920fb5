import { expect } from 'chai';
import { ConflictException } from 'pip-services4-commons-node';
import type { RedisLock } from '../../../lib';
import type { Master } from '../../support/Master';
import { RedisServer } from '../../support/RedisServer';
import { addressesOf, setForeignLock, thrownBy, UNHURRIED, useLocks, useMasters } from '../lock/locks';
import { begun, channelsOn, keysOn, LONG, soon } from './waiting';

interface Setting {
  readonly locks: ReturnType<typeof useLocks>;
  readonly masters: readonly Master[];
  readonly options: object;
}

/** What holds for those who can only poll. */
function itPolls({ locks, masters, options }: Setting): void {
  const open = (more: object = {}): Promise<RedisLock> =>
    locks.open({
      connections: addressesOf(masters),
      options: { retry_timeout: 15, ...UNHURRIED, ...options, ...more },
    });

  afterEach('nobody listened, and nobody stood in line', async () => {
    const stats = await Promise.all(masters.map((master) => master.command('INFO', 'commandstats')));
    expect(String(stats)).not.to.match(/cmdstat_(subscribe|zadd)/);
    expect(await keysOn(masters, 'redlock:waiting:*')).to.eql([]);
    expect((await Promise.all(masters.map(channelsOn))).flat()).to.eql([]);
  });
  beforeEach(async () => {
    await Promise.all(masters.map((master) => master.command('CONFIG', 'RESETSTAT')));
  });

  it('find what another instance has released', async () => {
    const [holder, lock] = [await open(), await open()];
    await holder.acquireLock('123', 'key', LONG);
    const acquired = begun(lock.acquireLock('123', 'key', LONG, LONG));
    // It has been refused: masters answer in order.
    await lock.acquireLock('123', 'another key', LONG);
    await holder.releaseLock('123', 'key');

    await soon(acquired, 'it is found');
  });

  it('find what another instance has let run out', async () => {
    const [holder, lock] = [await open(), await open()];
    await holder.acquireLock('123', 'key', 100, LONG);

    await soon(lock.acquireLock('123', 'key', LONG, LONG), 'it is found');
  });

  it('are served in their order within one instance, without a retry', async () => {
    const lock = await open({ retry_timeout: LONG });
    const served: number[] = [];
    const visit = async (index: number): Promise<void> => {
      await lock.acquireLock('123', 'key', LONG, LONG);
      served.push(index);
      await lock.releaseLock('123', 'key');
    };
    const indices = Array.from({ length: 50 }, (_, index) => index);
    await soon(Promise.all(indices.map((index) => begun(visit(index)))), 'all are served');

    expect(served).to.eql(indices);
  });

  it('share a lock among instances, one at a time', async () => {
    const instances = await Promise.all([open(), open(), open()]);
    let inside = 0;
    const visit = async (lock: RedisLock): Promise<void> => {
      await lock.acquireLock('123', 'key', LONG, LONG);
      inside += 1;
      expect(inside).to.equal(1);
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
      await lock.releaseLock('123', 'key');
    };
    const visits = [0, 1, 2, 3].flatMap(() => instances.map((lock) => begun(visit(lock))));

    await soon(Promise.all(visits), 'all are served');
  });

  it('give up when the time is up', async () => {
    await Promise.all(masters.map((master) => setForeignLock(master, 'key')));
    const lock = await open();
    const startedMs = performance.now();
    await thrownBy(lock.acquireLock('123', 'key', LONG, 60), ConflictException, 'LOCK_TIMEOUT');

    expect(performance.now() - startedMs).to.be.at.least(60);
  });
}

for (const size of [1, 3, 5]) {
  describe(`Those who wait where options.notify is off, on ${size} masters`, () => {
    const locks = useLocks();
    const masters = useMasters(size);
    itPolls({ locks, masters, options: { notify: false } });
  });
}

describe('Those who wait on masters that do not speak RESP3', () => {
  const locks = useLocks();
  const masters: RedisServer[] = [];

  before(async () => {
    // HELLO was renamed away: as unknown to it as to a server before Redis 6.
    const args = ['--rename-command', 'HELLO', ''];
    masters.push(...(await Promise.all([0, 1, 2].map(() => RedisServer.start({ args })))));
  });
  afterEach(async () => {
    await Promise.all(masters.map((master) => master.command('FLUSHALL')));
  });
  after(async () => {
    await Promise.all(masters.map((master) => master.stop()));
  });
  itPolls({ locks, masters, options: {} });
});

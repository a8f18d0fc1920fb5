import { expect } from 'chai';
import { ConnectionException } from 'pip-services4-commons-node';
import { createSandbox } from 'sinon';
import { Descriptor, References, type RedisLock } from '../../../lib';
import { MARKER } from '../../../lib/master/marker';
import { addressesOf, setForeignLock, thrownBy, useLocks, useMasters } from '../../integration/lock/locks';
import { RedisServer } from '../../support/RedisServer';
import { until } from '../../support/until';

const GUARD_MS = 400;
const TTL_MS = 3000;
const LONG = 60_000;
const AHEAD = 20_000_000;

describe('A fencing token, over masters that forget', function () {
  this.timeout(300_000);

  const locks = useLocks();
  let servers: readonly RedisServer[] = [];

  beforeEach(async () => {
    servers = await Promise.all([0, 1, 2].map(() => RedisServer.start()));
  });
  afterEach(async () => {
    await Promise.all(servers.map((server) => server.stop()));
  });

  const serverAt = (index: number): RedisServer => servers[index] ?? expect.fail('there is no such server');
  // Its guard is so short that it warns of every ttl.
  const logger = { log() {}, fatal() {}, error() {}, warn() {}, info() {}, debug() {}, trace() {} };
  const open = (): Promise<RedisLock> =>
    locks.open(
      {
        connections: addressesOf(servers),
        options: { restart_guard: GUARD_MS, node_timeout: 400, retry_timeout: 20 },
      },
      References.fromTuples(new Descriptor('app', 'logger', 'x', 'y', '1.0'), logger),
    );
  const isVoter = (lock: RedisLock, index: number): boolean => {
    return lock.getStatus().masters[index]?.state === 'ready';
  };
  async function next(lock: RedisLock): Promise<number> {
    const lease = await lock.acquireLease('123', 'key', TTL_MS, { fencing: true, timeout: 5000 });
    await lease.release();
    return lease.fencingToken ?? expect.fail('it has no token');
  }

  /** Pauses a master, and has the lock know of it: silence is noticed when something is asked. */
  async function silence(lock: RedisLock, index: number): Promise<void> {
    await serverAt(index).pause();
    await until(async () => {
      await lock.tryAcquireLock('123', `any ${Math.random()}`, TTL_MS);
      return lock.getStatus().masters[index]?.state === 'away';
    }, 'it is known to be silent');
  }

  /** A token that only two masters have accepted, far ahead of what any clock here will propose. */
  async function tokenWithout(lock: RedisLock, absent: number): Promise<number> {
    const first = await next(lock);
    const others = servers.filter((_, index) => index !== absent);
    for (const server of others) await server.command('HSET', MARKER, 'highest', first + AHEAD);
    await silence(lock, absent);
    const token = await next(lock);
    await serverAt(absent).resume();
    await until(() => isVoter(lock, absent), 'it votes again');
    return token;
  }

  async function forget(lock: RedisLock, index: number): Promise<void> {
    const before = await serverAt(index).command('HGET', MARKER, 'run');
    await serverAt(index).restartEmpty();
    await until(async () => {
      const run = await serverAt(index).command('HGET', MARKER, 'run');
      return run !== null && run !== before && isVoter(lock, index);
    }, 'it votes again, with nothing in its memory');
  }

  it('rises though the one that two quorums have in common has forgotten', async () => {
    const lock = await open();
    const token = await tokenWithout(lock, 2);
    await forget(lock, 0);

    expect(await next(lock)).to.be.above(token);
    // Behind the token, where the other two were quicker.
    const isReminded = async () => (await serverAt(0).command('HGET', MARKER, 'forgot')) === '';
    await until(isReminded, 'it was told where to begin');
    await silence(lock, 1);
    expect(await next(lock)).to.be.above(token + 1);
  });

  it('is not given by one that has forgotten, while nobody can tell it where to begin', async () => {
    const lock = await open();
    const token = await tokenWithout(lock, 2);
    await forget(lock, 0);
    await silence(lock, 1);

    const refused = lock.acquireLease('123', 'key', TTL_MS, { fencing: true, timeout: 0 });
    const { message } = await thrownBy(refused, ConnectionException, 'NO_QUORUM');
    expect(message).to.include('unfenced (has forgotten which numbers it accepted');
    expect(await lock.tryAcquireLock('123', 'another key', TTL_MS)).to.equal(true);
    await serverAt(1).resume();
    expect(await next(lock)).to.be.above(token);
  });

  it('rises though each in turn forgets', async () => {
    const lock = await open();
    let token = await tokenWithout(lock, 1);
    for (const index of [0, 1, 2, 0]) {
      await forget(lock, index);
      const after = await next(lock);
      expect(after).to.be.above(token);
      token = after;
    }
  });

  it('is given by two processes that remind one master at once', async () => {
    const both = [await open(), await open()];
    for (const lock of both) await next(lock);
    for (let turn = 0; turn < 5; turn += 1) {
      const keys = both.map((_, index) => `key of ${index}, ${turn}`);
      // Only the others grant them, and one of these has forgotten.
      for (const key of keys) await setForeignLock(serverAt(0), key);
      await serverAt(1).command('HSET', MARKER, 'forgot', `nonce of ${turn}`);
      const leases = both.map((lock, index) =>
        lock.tryAcquireLease('123', keys[index] ?? '', TTL_MS, { fencing: true }),
      );
      for (const lease of await Promise.all(leases)) expect(lease?.fencingToken).to.be.a('number');
    }
  });

  it('rises above what one that is not sure of its memory has kept of it', async () => {
    const lock = await open();
    const kept = (await next(lock)) + AHEAD;
    await serverAt(1).command('HSET', MARKER, 'highest', kept, 'forgot', 'a nonce');
    await setForeignLock(serverAt(0), 'key');

    expect(await next(lock)).to.be.above(kept);
  });

  it('leaves no lock behind where it is not given', async () => {
    const lock = await open();
    for (const server of servers) {
      // As after a restart.
      await server.command('HSET', MARKER, 'forgot', 'a nonce');
    }
    await silence(lock, 1);
    const refused = lock.acquireLease('123', 'key', LONG, { fencing: true, timeout: 0 });
    await thrownBy(refused, ConnectionException, 'NO_QUORUM');

    for (const index of [0, 2]) {
      await until(async () => (await serverAt(index).command('EXISTS', 'key')) === 0, 'the lock was given back');
    }
    await servers[1]?.resume();
  });
});

describe('A fencing token, over one master that was flushed', () => {
  const sandbox = createSandbox();
  const locks = useLocks();
  const masters = useMasters(1);
  afterEach(() => sandbox.restore());

  it('is given also where the clock of who asks is ahead of what the master now bears with', async () => {
    sandbox.stub(performance, 'timeOrigin').value(performance.timeOrigin + 2000);
    const lock = await locks.open({ connections: addressesOf(masters) });
    await (await lock.acquireLease('123', 'key', TTL_MS, { fencing: true })).release();
    await masters[0]?.command('FLUSHALL');
    const lease = await lock.acquireLease('123', 'key', TTL_MS, { fencing: true, timeout: 5000 });

    expect(lease.fencingToken).to.be.a('number');
  });
});

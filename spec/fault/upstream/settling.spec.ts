import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import type { ApplicationException } from 'pip-services4-commons-node';
import Redlock from 'redlock';
import { restore, stub } from 'sinon';
import { Descriptor, RedisLock, References } from '../../../lib';
import type { Master as BenchMaster } from '../../support/Master';
import { startMasters } from '../../support/masters';
import { timed } from '../../support/AwakeClock';
import { until } from '../../support/until';

const run = promisify(execFile);
const ROOT = join(__dirname, '../../..');
const TTL_MS = 10_000;
const NODE_TIMEOUT_MS = 300;
const ONCE = { retryCount: 0 };
/** A client that says at once that its master is away: what is waited for then is redlock and not the client. */
const AT_ONCE = { enableOfflineQueue: false, maxRetriesPerRequest: 0 };

/** What a promise has come to within `ms`. Leaves no timer behind, and no rejection unhandled. */
async function stateWithin(ms: number, promise: Promise<unknown>): Promise<'resolved' | 'rejected' | 'pending'> {
  let timer: NodeJS.Timeout | undefined;
  const pending = new Promise<'pending'>((resolve) => (timer = setTimeout(resolve, ms, 'pending')));
  const settled = promise.then(
    () => 'resolved' as const,
    () => 'rejected' as const,
  );
  try {
    return await Promise.race([settled, pending]);
  } finally {
    clearTimeout(timer);
  }
}

const codeOf = (error: unknown): string => (error as ApplicationException).code;

/**
 * What becomes of redlock in a process of its own: the rejections that it leaves unhandled would fail this one. `clients`
 * is an expression of JavaScript, in which `Redis` and `port` are known; `then` is run on the `redlock` made of them.
 */
async function inChild(clients: string, then = '', port = 0): Promise<{ settled: boolean; unhandled: string[] }> {
  const program = `
    const { default: Redlock } = require('redlock');
    const { Redis } = require('ioredis');
    const port = ${port};
    const result = { settled: false, unhandled: [] };
    const end = () => process.stdout.write(JSON.stringify(result), () => process.exit());
    let ending;
    const endSoon = () => (ending ??= setTimeout(end, 400));
    process.on('unhandledRejection', (reason) => {
      result.unhandled.push(String(reason));
      endSoon();
    });
    const redlock = new Redlock(${clients}, { retryCount: 0 });
    ${then}
    const settled = () => {
      result.settled = true;
      endSoon();
    };
    redlock.acquire(['key'], ${TTL_MS}).then(settled, settled);
    setTimeout(end, 9000);`;
  const { stdout } = await run(process.execPath, ['-e', program], { cwd: ROOT });
  return JSON.parse(stdout) as { settled: boolean; unhandled: string[] };
}

describe('redlock that does not settle, and the lock that does', () => {
  let masters: readonly BenchMaster[];
  let clients: Redis[];
  let lock: RedisLock;

  const on = (indexes: readonly number[], ...command: readonly (string | number)[]): Promise<unknown[]> =>
    Promise.all(
      masters.filter((_master, index) => indexes.includes(index)).map((master) => master.command(...command)),
    );
  const isOn = async (index: number): Promise<boolean> => (await masters[index]?.command('EXISTS', 'key')) === 1;

  /** redlock alone over the first masters, and how many votes against it has told of. */
  async function redlockOn(
    count: number,
    options: Partial<typeof AT_ONCE> = {},
  ): Promise<{ redlock: Redlock; readonly against: () => number }> {
    clients = masters.slice(0, count).map(({ host, port }) => new Redis({ host, port, ...options, lazyConnect: true }));
    for (const client of clients) client.on('error', () => undefined);
    await Promise.allSettled(clients.map((client) => client.connect()));
    const redlock = new Redlock(clients, ONCE);
    let against = 0;
    redlock.on('error', () => (against += 1));
    return { redlock, against: () => against };
  }

  async function openLock(count: number, references = new References()): Promise<void> {
    lock.configure({
      connections: masters.slice(0, count).map(({ host, port }) => ({ host, port })),
      options: { node_timeout: NODE_TIMEOUT_MS },
    });
    lock.setReferences(references);
    await lock.open(null);
  }

  before(async () => {
    masters = await startMasters(4);
  });
  beforeEach(async () => {
    clients = [];
    lock = new RedisLock();
    await Promise.all(masters.map((master) => master.resume()));
    await Promise.all(masters.map((master) => master.start()));
    await on([0, 1, 2, 3], 'FLUSHALL');
  });
  afterEach(async () => {
    restore();
    await lock.close(null);
    for (const client of clients) client.disconnect();
  });
  after(async () => {
    await Promise.all(masters.map((master) => master.resume()));
    await Promise.all(masters.map((master) => master.stop()));
  });

  describe('when one of two masters is dead', () => {
    it('upstream: its promise stays pending', async () => {
      await masters[1]?.kill();
      const { redlock, against } = await redlockOn(2, AT_ONCE);
      const acquiring = redlock.acquire(['key'], TTL_MS);
      await until(async () => against() === 1 && (await isOn(0)), 'both votes are cast');

      expect(await stateWithin(300, acquiring)).to.equal('pending');
    });

    it('here: NO_QUORUM, and nothing stays on the living one', async () => {
      await openLock(2);
      await masters[1]?.kill();

      const error: unknown = await lock.tryAcquireLock(null, 'key', TTL_MS).catch((thrown: unknown) => thrown);
      expect(codeOf(error)).to.equal('NO_QUORUM');
      await until(async () => !(await isOn(0)), 'the key is given back');
    });
  });

  describe('when two of four masters refuse', () => {
    beforeEach(() => on([2, 3], 'SET', 'key', 'another'));

    it('upstream: its promise stays pending', async () => {
      const { redlock, against } = await redlockOn(4);
      const acquiring = redlock.acquire(['key'], TTL_MS);
      await until(async () => against() === 2 && (await isOn(0)) && (await isOn(1)), 'four votes are cast');

      expect(await stateWithin(300, acquiring)).to.equal('pending');
    });

    it('here: the lock is taken, and nothing stays on the others', async () => {
      await openLock(4);

      expect(await lock.tryAcquireLock(null, 'key', TTL_MS)).to.equal(false);
      await until(async () => !(await isOn(0)) && !(await isOn(1)), 'the keys are given back');
    });
  });

  describe('when a master hangs whose vote decides', () => {
    beforeEach(() => on([1], 'SET', 'key', 'another'));

    it('upstream: it waits for as long as the master hangs', async () => {
      const { redlock, against } = await redlockOn(3);
      await masters[2]?.pause();
      const acquiring = redlock.acquire(['key'], TTL_MS);
      await until(async () => against() === 1 && (await isOn(0)), 'the two others have voted');
      // Longer than the lock below takes altogether; how long redlock would go on shows when the master is thawed.
      expect(await stateWithin(3 * NODE_TIMEOUT_MS, acquiring)).to.equal('pending');

      await masters[2]?.resume();
      expect(await stateWithin(5000, acquiring)).to.equal('resolved');
    });

    it('here: one node_timeout, and then nothing at all for a master that is known to be silent', async () => {
      await openLock(3);
      await masters[2]?.pause();

      const first = await timed(() => lock.tryAcquireLock(null, 'key', TTL_MS));
      expect(first.awakeMs).to.be.below(2 * NODE_TIMEOUT_MS);
      expect(lock.getStatus().masters.map(({ state }) => state)).to.eql(['ready', 'ready', 'away']);
      // Below one node_timeout: the hung master was not waited for again.
      const second = await timed(() => lock.tryAcquireLock(null, 'key', TTL_MS));
      expect(second.awakeMs).to.be.below(NODE_TIMEOUT_MS - 50);
    });
  });

  describe('when a client rejects with what is no Error of its realm', () => {
    const rejections = [
      ['a string', `'away'`],
      ['an Error of another realm', `require('node:vm').runInNewContext('new Error("away")')`],
    ] as const;
    // Both at once: what is waited for, in processes of their own, is that nothing happens.
    let children: readonly Awaited<ReturnType<typeof inChild>>[];
    before(async () => {
      const clients = rejections.map(
        ([, rejection]) =>
          `[{ evalsha: () => Promise.reject(${rejection}), eval: () => Promise.reject(${rejection}) }]`,
      );
      children = await Promise.all(clients.map((client) => inChild(client)));
    });
    for (const [index, [title]] of rejections.entries()) {
      it(`upstream: with ${title} it never settles, and leaves a rejection unhandled`, () => {
        const { settled, unhandled } = children.at(index) ?? expect.fail('there is no such child');

        expect(settled).to.equal(false);
        expect(unhandled).to.have.length(1);
        expect(unhandled[0]).to.match(/Unexpected type (string|object) thrown/);
      });
    }

    it('here: whatever a connection rejects with, the call settles and the master is named', async () => {
      await openLock(3);
      const { port } = masters[0] as BenchMaster;
      // The client is out of reach from here; what every command of every client is sent through is not.
      const noError = 'away' as unknown as Error;
      stub(Redis.prototype, 'sendCommand').callsFake(() => Promise.reject(noError));

      const attempt = (): Promise<unknown> =>
        lock.tryAcquireLock(null, 'key', TTL_MS).catch((thrown: unknown) => thrown);
      const { value: error, awakeMs } = await timed(attempt);
      expect(awakeMs).to.be.below(2 * NODE_TIMEOUT_MS);
      expect(codeOf(error)).to.equal('NO_QUORUM');
      expect((error as ApplicationException).details.getAsString('masters')).to.include(
        `127.0.0.1:${port}: unreachable (`,
      );
    });
  });

  describe('when a listener for its errors throws', () => {
    it('upstream: it never settles, and leaves a rejection unhandled', async () => {
      await on([0], 'SET', 'key', 'another');
      const { settled, unhandled } = await inChild(
        '[new Redis(port)]',
        `redlock.on('error', () => { throw new Error('the listener failed'); });`,
        masters[0]?.port,
      );

      expect(settled).to.equal(false);
      expect(unhandled).to.eql(['Error: the listener failed']);
    });

    it('upstream: with one that does not, the same round is settled', async () => {
      await on([0], 'SET', 'key', 'another');
      const result = await inChild('[new Redis(port)]', `redlock.on('error', () => {});`, masters[0]?.port);

      expect(result).to.eql({ settled: true, unhandled: [] });
    });

    it('here: loggers, counters and tracers may all throw', async () => {
      let told = 0;
      const broken = new Proxy(
        {},
        {
          get: () => () => {
            told += 1;
            throw new Error('the reader failed');
          },
        },
      );
      const references = new References();
      for (const type of ['logger', 'counters', 'tracer']) {
        references.put(new Descriptor('test', type, 'broken', 'default', '1.0'), broken);
      }
      await openLock(3, references);
      await on([0, 1, 2], 'SET', 'taken', 'another');
      told = 0;

      expect(await lock.tryAcquireLock(null, 'taken', TTL_MS)).to.equal(false);
      expect(told, 'told of the refusal').to.equal(1);
      expect(await lock.tryAcquireLock(null, 'key', TTL_MS)).to.equal(true);
      await lock.releaseLock(null, 'key');
      expect(told, 'told of all').to.be.above(4);
    });
  });
});

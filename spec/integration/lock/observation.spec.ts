import { expect } from 'chai';
import { ConflictException, ConnectionException } from 'pip-services4-commons-node';
import { traceIdOf, type IContext } from '../../../lib/contract/Context';
import { Descriptor, References, type RedisLock } from '../../../lib';
import type { Master } from '../../support/Master';
import { startMasters } from '../../support/masters';
import { until } from '../../support/until';
import { addressesOf, setForeignLock, thrownBy, useLocks } from './locks';

const LONG = 60_000;
/** For an open that fails. */
const SOON_OVER = { connect_timeout: 200 };
const PASSWORD = 'zzhunter2zz';

/** Takes down every call of any of its methods, as `method` and arguments; contexts become their trace ids. */
class Recorder {
  readonly calls: (readonly unknown[])[] = [];
  readonly component = new Proxy(
    {},
    {
      get:
        (_target, method) =>
        (context: IContext, ...args: unknown[]) => {
          const isContext = typeof context === 'object' && context !== null && 'get' in context;
          this.calls.push([method, isContext ? traceIdOf(context) : context, ...args]);
          if (this.fault === 'throws') throw new Error('this one is broken');
          if (this.fault === 'rejects') return Promise.reject(new Error('this one is broken'));
          return undefined;
        },
    },
  );

  constructor(private readonly fault: 'none' | 'throws' | 'rejects' = 'none') {}

  of(method: string): readonly (readonly unknown[])[] {
    return this.calls.filter(([name]) => name === method);
  }
}

describe("A lock's observers", () => {
  const locks = useLocks();
  let masters: readonly Master[] = [];

  before(async () => {
    masters = await startMasters(3, { args: ['--requirepass', PASSWORD] });
  });
  afterEach(async () => {
    await Promise.all(masters.map((master) => master.start()));
    await Promise.all(masters.map((master) => master.command('FLUSHALL')));
  });
  after(async () => {
    await Promise.all(masters.map((master) => master.stop()));
  });

  const create = (
    recorders: Readonly<Record<string, readonly Recorder[]>>,
    options: object = {},
    more: object = {},
  ): RedisLock => {
    const references = new References();
    for (const [type, each] of Object.entries(recorders)) {
      for (const { component } of each) references.put(new Descriptor('app', type, 'x', 'y', '1.0'), component);
    }
    const config = { connections: addressesOf(masters), credential: { password: PASSWORD }, ...more };
    return locks.create({ ...config, options: { retry_timeout: 10, connect_timeout: LONG, ...options } }, references);
  };

  /**
   * Opened, a lock acquired, refused and released, a master lost, closed.
   *
   * @returns how long the lock took to be acquired, in ms
   */
  async function live(lock: RedisLock): Promise<number> {
    await lock.open('opening');
    const startedMs = performance.now();
    await lock.acquireLock('123', 'key', LONG);
    const tookMs = performance.now() - startedMs;
    await Promise.all(masters.map((master) => setForeignLock(master, 'taken')));
    await thrownBy(lock.acquireLock('123', 'taken', LONG, 0), ConflictException, 'LOCK_TIMEOUT');
    await lock.releaseLock('123', 'key');
    await masters[0]?.kill();
    await until(() => lock.getStatus().masters[0]?.state === 'away', 'one master is away');
    await lock.close('closing');
    return tookMs;
  }

  it('are told under the name that its descriptor gives the lock', async () => {
    const logger = new Recorder();
    const lock = create({ logger: [logger] }, {}, { descriptor: 'pip-services:lock:redlock:orders:1.0' });
    await live(lock);
    for (const [, , said] of logger.calls) {
      expect(said).to.match(/^orders: (?:Redis master|Acquired|Released)/);
    }
    expect(new Set(logger.calls.map(([method]) => method))).to.include.keys('info', 'warn', 'trace');
  });

  it('are all of the loggers, counters and tracers, told of one life', async () => {
    const [loggers, counters, tracers] = [0, 1, 2].map(() => [new Recorder(), new Recorder()] as const);
    if (!loggers || !counters || !tracers) throw new Error('recorders');
    const tookMs = await live(create({ logger: loggers, counters, tracer: tracers }));

    const address = `127.0.0.1:${masters[0]?.port}`;
    for (const logger of loggers) {
      expect(logger.of('info').flat()).to.include(`Redis master ${address} is ready`);
      expect(logger.of('info')).to.have.length(3);
      const [away, ...more] = logger.of('warn');
      expect(away?.[2]).to.include(`Redis master ${address} has no vote: unreachable`);
      expect(more).to.deep.equal([]);
      expect(logger.of('trace').map((call) => call.slice(1))).to.deep.equal([
        ['123', 'Acquired lock key'],
        ['123', 'Released lock key'],
      ]);
      // Contention is no failure.
      expect(logger.of('error')).to.deep.equal([]);
    }
    for (const each of counters) {
      const counted = ['acquired', 'refused', 'released', 'master-ready', 'master-away'].map(
        (name) => each.of('incrementOne').filter(([, counter]) => counter === `redlock.${name}`).length,
      );
      expect(counted).to.deep.equal([1, 1, 1, 3, 1]);
      expect(each.of('stats')).to.have.length(1);
    }
    for (const tracer of tracers) {
      const [, ...traced] = tracer.of('trace')[0] ?? [];
      expect(traced.slice(0, 3)).to.deep.equal(['123', 'redlock', 'acquire']);
      expect(traced[3]).to.be.above(0).and.at.most(tookMs);
      expect(tracer.of('failure')).to.deep.equal([]);
    }
  });

  it('are told when open fails', async () => {
    const [logger, counters, tracer] = [new Recorder(), new Recorder(), new Recorder()];
    await Promise.all(masters.map((master) => master.kill()));
    const lock = create({ logger: [logger], counters: [counters], tracer: [tracer] }, SOON_OVER);
    const thrown = await thrownBy(lock.open('123'), ConnectionException, 'NO_QUORUM');

    expect(logger.of('error')).to.deep.equal([['error', '123', thrown, 'Redis lock failed to open']]);
    expect(counters.of('incrementOne')).to.deep.include(['incrementOne', 'redlock.failed']);
    const [, ...failure] = tracer.of('failure')[0] ?? [];
    expect(failure.slice(0, 4)).to.deep.equal(['123', 'redlock', 'open', thrown]);
  });

  it('are told when an acquire or a release fails for want of a quorum', async () => {
    const [logger, counters, tracer] = [new Recorder(), new Recorder(), new Recorder()];
    const lock = create({ logger: [logger], counters: [counters], tracer: [tracer] });
    await lock.open('123');
    await lock.acquireLock('123', 'held', LONG);
    await Promise.all(masters.map((master) => master.kill()));
    const acquire = await thrownBy(lock.tryAcquireLock('123', 'key', LONG), ConnectionException, 'NO_QUORUM');
    const release = await thrownBy(lock.releaseLock('123', 'held'), ConnectionException, 'NO_QUORUM');

    expect(tracer.of('failure').map((call) => call.slice(1, 5))).to.deep.equal([
      ['123', 'redlock', 'acquire', acquire],
      ['123', 'redlock', 'release', release],
    ]);
    expect(logger.of('error').map(([, traceId, error]) => [traceId, error])).to.deep.equal([
      ['123', acquire],
      ['123', release],
    ]);
    expect(counters.of('incrementOne').flat()).not.to.include('redlock.released');
  });

  it('see no secret', async () => {
    const logger = new Recorder();
    await live(create({ logger: [logger] }, { unknown: PASSWORD }));
    expect(JSON.stringify(logger.calls)).to.include('options.unknown').and.not.to.include('hunter2');
  });

  for (const fault of ['throws', 'rejects'] as const) {
    it(`may break, and the lock does not, where each call of them ${fault}`, async () => {
      const broken = new Recorder(fault);
      const unhandled: unknown[] = [];
      const listen = (reason: unknown): void => void unhandled.push(reason);
      process.on('unhandledRejection', listen);
      try {
        const recorders = { logger: [broken], counters: [broken], tracer: [broken] };
        await live(create(recorders, { unknown: 1 }));
        await Promise.all(masters.map((master) => master.kill()));
        await thrownBy(create(recorders, SOON_OVER).open('123'), ConnectionException, 'NO_QUORUM');
        await new Promise((resolve) => setImmediate(resolve));
      } finally {
        process.off('unhandledRejection', listen);
      }
      const methods = ['warn', 'info', 'error', 'incrementOne', 'stats', 'trace', 'failure'];
      expect(broken.calls.map(([method]) => method)).to.include.members(methods);
      expect(unhandled).to.deep.equal([]);
    });
  }

  it('are the process where there is no logger, for warnings alone', async () => {
    const warnings: Error[] = [];
    const listen = (warning: Error): void => void warnings.push(warning);
    process.on('warning', listen);
    try {
      await live(create({}, { retryTimeout: 1 }));
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      process.off('warning', listen);
    }
    expect(warnings.map(({ message }) => message)).to.have.length(2);
    expect(warnings[1]?.message).to.include(`Redis master 127.0.0.1:${masters[0]?.port} has no vote: unreachable`);
    expect(warnings[0]?.message).to.include('options.retryTimeout').and.include('options.retry_timeout');
  });
});

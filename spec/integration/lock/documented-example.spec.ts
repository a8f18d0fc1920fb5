import { expect } from 'chai';
import {
  BadRequestException,
  ConfigException,
  ConflictException,
  ConnectionException,
  InvalidStateException,
} from 'pip-services4-commons-node';
import { ConfigParams, Context, RedisLock, type ContextLike } from '../../../lib';
import type { Master } from '../../support/Master';
import { startMasters } from '../../support/masters';
import { addressesOf, setForeignLock, thrownBy, useLocks } from './locks';

const LONG = 60_000;
const CONTEXTS: readonly (readonly [title: string, context: ContextLike, traceId: string | null])[] = [
  ['a trace id', '123', '123'],
  ['a Context', Context.fromTraceId('123'), '123'],
  ['a context of another make', { get: (key: string) => (key === 'traceId' ? '123' : null) }, '123'],
  ['a context without a trace id', new Context(), null],
  ['null', null, null],
  ['undefined', undefined, null],
];

describe('The documented example', () => {
  const locks = useLocks();
  let masters: readonly Master[] = [];
  let port = 0;

  before(async () => {
    masters = await startMasters(1);
    port = masters[0]?.port ?? 0;
  });
  beforeEach(async () => {
    await masters[0]?.command('FLUSHALL');
  });
  after(async () => {
    await Promise.all(masters.map((master) => master.stop()));
  });

  it('runs as it is written', async () => {
    const lock = new RedisLock();
    lock.configure(ConfigParams.fromTuples('host', 'localhost', 'port', port));

    await lock.open('123');
    try {
      await lock.acquire('123', 'key1');
      try {
        // Processing...
        expect(await masters[0]?.command('PTTL', 'key1')).to.be.within(20_000, 30_000);
      } finally {
        await lock.releaseLock('123', 'key1');
      }
      expect(await masters[0]?.command('EXISTS', 'key1')).to.equal(0);
    } finally {
      await lock.close('123');
    }
  });

  for (const [title, context, traceId] of CONTEXTS) {
    it(`takes ${title} for a context, in every method`, async () => {
      const lock = locks.create({ host: 'localhost', port });
      await lock.open(context);
      expect(await lock.tryAcquireLock(context, 'key', 60_000)).to.equal(true);
      await lock.releaseLock(context, 'key');
      await lock.acquireLock(context, 'key', 60_000, 0);
      await lock.acquire(context, 'other key');
      await lock.close(context);
      expect(await masters[0]?.command('EXISTS', 'key', 'other key')).to.equal(0);
    });

    it(`shows the trace id of ${title} in what it throws`, async () => {
      const lock = locks.create({ host: 'localhost', port });
      const early = await thrownBy(lock.acquire(context, 'key'), InvalidStateException, 'NOT_OPENED');
      await lock.open(null);
      await Promise.all(masters.map((master) => setForeignLock(master, 'taken')));
      const held = await thrownBy(lock.acquire(context, 'taken', LONG, 0), ConflictException, 'LOCK_TIMEOUT');
      const bad = await thrownBy(lock.tryAcquireLock(context, '', LONG), BadRequestException, 'BAD_KEY');
      await Promise.all(masters.map((master) => master.command('HSET', 'hash', 'field', 'value')));
      const unsure = await thrownBy(lock.tryAcquireLock(context, 'hash', LONG), ConnectionException, 'NO_QUORUM');

      expect([early, held, bad, unsure].map((thrown) => thrown.trace_id)).to.deep.equal(Array(4).fill(traceId));
    });
  }

  it('shows the trace id in what open throws', async () => {
    const nowhere = { connections: [{ host: '127.0.0.1', port: 1 }], options: { connect_timeout: 50 } };
    const unreachable = await thrownBy(locks.create(nowhere).open('123'), ConnectionException, 'NO_QUORUM');
    const empty = await thrownBy(locks.create({}).open('123'), ConfigException, 'NO_CONNECTION');

    expect([unreachable.trace_id, empty.trace_id]).to.deep.equal(['123', '123']);
  });

  it('shows the trace id in the refusal of a quorum that the masters cannot have', async () => {
    const lock = locks.create({ connections: addressesOf(masters), options: { quorum: 2 } });
    const thrown = await thrownBy(lock.open('123'), ConfigException, 'BAD_OPTION');

    expect(thrown.trace_id).to.equal('123');
  });

  it("shows the waiting call's own trace id when the lock is closed meanwhile", async () => {
    const lock = await locks.open({ connections: addressesOf(masters) });
    await Promise.all(masters.map((master) => setForeignLock(master, 'taken')));
    const waiting = thrownBy(lock.acquireLock('one', 'taken', LONG, LONG), InvalidStateException, 'CLOSED');
    const beside = thrownBy(lock.acquireLock('two', 'taken', LONG, LONG), InvalidStateException, 'CLOSED');
    await lock.close('closing');

    expect([(await waiting).trace_id, (await beside).trace_id]).to.deep.equal(['one', 'two']);
  });
});

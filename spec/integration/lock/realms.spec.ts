import { join } from 'node:path';
import { expect } from 'chai';
import type * as library from '../../../lib';
import type { RedisLock } from '../../../lib';
import type * as faults from '../../../lib/master/MasterError';
import type { Master } from '../../support/Master';
import { startMasters } from '../../support/masters';
import { loadInOtherRealm } from '../../support/otherRealm';
import { addressesOf } from './locks';

const LIB = join(__dirname, '..', '..', '..', 'lib');

describe('A lock that is loaded into a context of its own', () => {
  let masters: readonly Master[] = [];
  let other: typeof library;
  const opened: RedisLock[] = [];

  before(async () => {
    masters = await startMasters(1);
    other = loadInOtherRealm<typeof library>(join(LIB, 'index.ts'));
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((lock) => lock.close(null)));
  });
  after(async () => {
    await Promise.all(masters.map((master) => master.stop()));
  });

  const create = (config: Parameters<RedisLock['configure']>[0]): RedisLock => {
    const lock = new other.RedisLock();
    opened.push(lock);
    lock.configure(config);
    return lock;
  };
  const thrownBy = async (work: Promise<unknown>): Promise<{ code?: unknown; message?: unknown }> =>
    work.then(
      () => expect.fail('nothing was thrown'),
      (error: object) => error,
    );

  it('has an Error class of its own', async () => {
    const thrown = await thrownBy(create({}).open(null));

    expect(thrown).to.have.property('code', 'NO_CONNECTION');
    expect(thrown instanceof Error).to.equal(false);
  });

  it('locks and waits as any other', async () => {
    const lock = create({ connections: addressesOf(masters) });
    await lock.open('123');
    await lock.acquireLock('123', 'key', 10_000);

    expect(await lock.tryAcquireLock('123', 'key', 10_000)).to.equal(false);
    expect(await thrownBy(lock.acquireLock('123', 'key', 10_000, 50))).to.have.property('code', 'LOCK_TIMEOUT');
    await lock.releaseLock('123', 'key');
    expect(await lock.withLock('123', ['a', 'b'], 10_000, async ({ keys }) => keys.length)).to.equal(2);
  });

  it('says why a master cannot be connected to', async () => {
    const options = { connect_timeout: 200 };
    const dead = await thrownBy(create({ host: '127.0.0.1', port: 1, options }).open('123'));

    expect(dead).to.include({ code: 'NO_QUORUM' });
    expect(dead.message).to.include('ECONNREFUSED');
  });

  it('says which socket file is missing', async () => {
    const lock = create({ uri: 'unix:///nowhere/redis.sock', options: { connect_timeout: 200 } });

    expect((await thrownBy(lock.open(null))).message).to.include('ENOENT');
  });

  it('names the fault that another context raised', () => {
    const { faultOfSocket } = loadInOtherRealm<typeof faults>(join(LIB, 'master', 'MasterError.ts'));
    const refused = Object.assign(new Error('connect ECONNREFUSED ::1:1'), { code: 'ECONNREFUSED' });
    const all = Object.assign(new AggregateError([refused]), { code: 'ECONNREFUSED' });
    const unknown = Object.assign(new Error('getaddrinfo ENOTFOUND nowhere.invalid'), { code: 'ENOTFOUND' });

    expect(faultOfSocket('a:1', all)).to.include({ kind: 'unreachable', message: refused.message });
    expect(faultOfSocket('a:1', unknown)).to.include({ kind: 'unreachable', message: unknown.message });
  });

  it('adds the trace id to what a discovery of another context has thrown', async () => {
    const { ConfigParams, Descriptor, References } = other;
    const { ConfigException } = await import('pip-services4-commons-node');
    const discovery = {
      resolveAll: async () => {
        throw new ConfigException(undefined, 'NO_SUCH_KEY', 'not known here');
      },
    };
    const lock = create(ConfigParams.fromTuples('connection.discovery_key', 'masters'));
    lock.setReferences(References.fromTuples(Descriptor.fromString('spec:discovery:memory:default:1.0'), discovery));

    expect(await thrownBy(lock.open('123'))).to.include({ code: 'NO_SUCH_KEY', trace_id: '123' });
  });

  it('survives a logger of another context whose promises reject', async () => {
    const { Descriptor, References } = other;
    const failing = async (): Promise<never> => {
      throw new Error('the log is full');
    };
    const logger = new Proxy({}, { get: () => failing });
    const lock = create({ connections: addressesOf(masters) });
    lock.setReferences(References.fromTuples(Descriptor.fromString('spec:logger:memory:default:1.0'), logger));
    await lock.open(null);

    expect(lock.isOpen()).to.equal(true);
  });
});

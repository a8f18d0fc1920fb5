import { expect } from 'chai';
import * as exceptions from 'pip-services4-commons-node';
import { DefaultRedlockFactory, Descriptor, References, type RedisLock } from '../../../lib';
import { addressesOf, setForeignLock, useLocks } from '../lock/locks';
import type { Master } from '../../support/Master';
import { startMasters } from '../../support/masters';
import { codeIn, README, tableOf } from './readme';

const LONG = 60_000;

describe("The README's errors, each caused", () => {
  const locks = useLocks();
  let masters: readonly Master[] = [];

  before(async () => {
    masters = await startMasters(1);
  });
  after(async () => {
    await Promise.all(masters.map((master) => master.stop()));
  });

  const opened = (): Promise<RedisLock> => locks.open({ connections: addressesOf(masters) });
  const nowhere = { host: '127.0.0.1', port: 1 };

  const causes: Readonly<Record<string, () => Promise<unknown>>> = {
    NO_CONNECTION: () => locks.open({}),
    BAD_OPTION: () => locks.open({ ...nowhere, options: { quorum: 2 } }),
    BAD_CONNECTION: () => locks.open({ connection: { host: 'a', port: 0 } }),
    DUPLICATE_MASTER: () => locks.open({ connections: [nowhere, { ...nowhere, db: 1 }] }),
    NOT_A_MASTER: async () => {
      await masters[0]?.command('REPLICAOF', '127.0.0.1', '1');
      await opened().finally(() => masters[0]?.command('REPLICAOF', 'NO', 'ONE'));
    },
    NOT_OPENED: () => locks.create(nowhere).acquire(null, 'key'),
    CLOSED: async () => {
      const lock = await opened();
      await setForeignLock(masters[0] as Master, 'closed');
      const waiting = lock.acquireLock(null, 'closed', LONG, LONG);
      await Promise.all([lock.close(null), waiting]);
    },
    BAD_KEY: async () => (await opened()).releaseLock(null, ''),
    BAD_TTL: async () => (await opened()).acquire(null, 'key', 9),
    BAD_TIMEOUT: async () => (await opened()).acquire(null, 'key', 10, -1),
    LOCK_TIMEOUT: async () => {
      await setForeignLock(masters[0] as Master, 'held');
      await (await opened()).acquireLock(null, 'held', LONG, 0);
    },
    LOCK_LOST: async () => {
      const lease = await (await opened()).acquireLease(null, 'lost', LONG);
      await masters[0]?.command('DEL', 'lost');
      await lease.extend(LONG);
    },
    NOT_HELD: async () => {
      const lease = await (await opened()).acquireLease(null, 'released', LONG);
      await lease.release();
      await lease.extend(LONG);
    },
    NO_QUORUM: () => locks.open({ ...nowhere, options: { connect_timeout: 50 } }),
    BAD_DESCRIPTOR: async () => Descriptor.fromString('lock'),
    REF_ERROR: async () => new References().getRequired('lock'),
    CANNOT_CREATE: async () => new DefaultRedlockFactory().create('lock'),
  };

  for (const { code: cell = '', class: type = '', when = '' } of tableOf(README, 'code', 'class', 'when')) {
    const [code = ''] = codeIn(cell);
    if (when.startsWith('reserved: ')) continue;
    it(`${code} is a ${type}`, async () => {
      const expected = Object.entries(exceptions).find(([name]) => name === type)?.[1];
      const thrown: unknown = await causes[code]?.().catch((error: unknown) => error);
      expect(thrown).to.be.instanceOf(expected).with.property('code', code);
    });
  }
});

import { expect } from 'chai';
import { InternalException } from 'pip-services4-commons-node';
import { ConfigParams, DefaultRedlockFactory, Descriptor, References, RedisLock } from '../../../lib';
import type { Master } from '../../support/Master';
import { startMasters } from '../../support/masters';
import { thrownBy } from './locks';

const of = (kind: string, name = '*', version = '1.0'): Descriptor =>
  new Descriptor('pip-services', 'lock', kind, name, version);

describe('DefaultRedlockFactory', () => {
  const factory = new DefaultRedlockFactory();

  for (const locator of [of('redlock'), of('redis'), of('redlock', 'default'), of('redis', 'main')]) {
    it(`creates a lock for ${locator.toString()}, a new one each time`, () => {
      expect(factory.canCreate(locator)).not.to.equal(null);
      const lock = factory.create(locator);
      expect(lock).to.be.instanceOf(RedisLock);
      expect(factory.create(locator)).not.to.equal(lock);
    });
  }

  const others: readonly unknown[] = [
    of('memory'),
    of('redlock', 'default', '2.0'),
    new Descriptor('pip-services', 'cache', 'redis', '*', '1.0'),
    new Descriptor('other', 'lock', 'redis', '*', '1.0'),
    'pip-services:lock:redlock:*:1.0',
    null,
    undefined,
  ];
  for (const locator of others) {
    it(`creates nothing for ${String(locator)}`, async () => {
      expect(factory.canCreate(locator)).to.equal(null);
      await thrownBy(
        Promise.resolve().then(() => factory.create(locator)),
        InternalException,
        'CANNOT_CREATE',
      );
    });
  }

  describe('in a container', () => {
    let masters: readonly Master[] = [];

    before(async () => {
      masters = await startMasters(1);
    });
    after(async () => {
      await Promise.all(masters.map((master) => master.stop()));
    });

    it('gives a lock that is configured, linked, opened, used and closed without being known', async () => {
      const lock = factory.create(of('redis', 'default')) as unknown as Record<string, (...args: unknown[]) => unknown>;
      lock['configure']?.(ConfigParams.fromTuples('connection.host', 'localhost', 'connection.port', masters[0]?.port));
      lock['setReferences']?.(new References());
      await lock['open']?.(null);
      expect(lock['isOpen']?.()).to.equal(true);
      expect(await lock['tryAcquireLock']?.(null, 'key', 60_000)).to.equal(true);
      await lock['close']?.(null);
      expect(lock['isOpen']?.()).to.equal(false);
    });
  });
});

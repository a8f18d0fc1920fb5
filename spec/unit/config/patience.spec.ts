import { expect } from 'chai';
import { ConfigException } from 'pip-services4-commons-node';
import { createSandbox, type SinonFakeTimers } from 'sinon';
import { Descriptor, References, RedisLock, type RedisLockConfigSource } from '../../../lib';
import { thrownBy } from '../../integration/lock/locks';

/** Answers when it is told to. */
class Late {
  answer!: (value: unknown) => void;
  fail!: (error: Error) => void;
  readonly given = new Promise<unknown>((resolve, reject) => {
    this.answer = resolve;
    this.fail = reject;
  });
}

describe('An open that gets no answer', () => {
  const sandbox = createSandbox();
  const unhandled: unknown[] = [];
  const listen = (reason: unknown): void => void unhandled.push(reason);
  let clock: SinonFakeTimers;
  beforeEach(() => {
    clock = sandbox.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    process.on('unhandledRejection', listen);
  });
  afterEach(() => {
    process.off('unhandledRejection', listen);
    sandbox.restore();
    unhandled.length = 0;
  });

  const cases: readonly (readonly [who: string, config: (late: Late) => RedisLockConfigSource, message: string])[] = [
    [
      'of discovery',
      () => ({ connection: { discovery_key: 'masters' } }),
      "connection.discovery_key is 'masters': discovery has not answered within",
    ],
    [
      'of the credential store',
      () => ({ host: 'a', credential: { store_key: 'vault' } }),
      "credential.store_key is 'vault': the credential store has not answered within",
    ],
    [
      'of a function for a credential',
      (late) => ({ host: 'a', credentials: { a: async () => (await late.given) as { password: string } } }),
      'credentials.a is a function that has not answered within',
    ],
    [
      'of a function for a password',
      (late) => ({ host: 'a', credential: { password: async () => (await late.given) as string } }),
      'credential is a function that has not answered within',
    ],
  ];
  const openWith = (late: Late, config: RedisLockConfigSource): { lock: RedisLock; opened: Promise<void> } => {
    const lock = new RedisLock(config);
    const component = { resolveAll: () => late.given, lookup: () => late.given };
    lock.setReferences(
      References.fromTuples(
        new Descriptor('app', 'discovery', 'late', 'd', '1.0'),
        component,
        new Descriptor('app', 'credential-store', 'late', 's', '1.0'),
        component,
        new Descriptor('app', 'logger', 'none', 'l', '1.0'),
        {},
      ),
    );
    return { lock, opened: lock.open('123') };
  };

  for (const [who, config, message] of cases) {
    for (const [title, end] of [
      ['an answer that comes later', (late: Late) => late.answer([{ host: 'b' }])],
      ['a failure that comes later', (late: Late) => late.fail(new Error('too late'))],
    ] as const) {
      it(`${who} says so after 10 s, and ${title} does no harm`, async () => {
        const late = new Late();
        const { lock, opened } = openWith(late, config(late));
        const thrown = thrownBy(opened, ConfigException, 'BAD_CONNECTION');
        await clock.tickAsync(9_999);
        expect(clock.countTimers()).to.equal(1);
        await clock.tickAsync(2);
        expect((await thrown).message).to.equal(`${message} 10000 ms`);

        end(late);
        sandbox.restore();
        await new Promise((resolve) => setImmediate(resolve));
        expect(unhandled).to.deep.equal([]);
        expect(lock.isOpen()).to.equal(false);
      });
    }

    it(`${who} waits for connect_timeout where that is longer`, async () => {
      const late = new Late();
      const { opened } = openWith(late, { ...(config(late) as object), options: { connect_timeout: 30_000 } });
      const thrown = thrownBy(opened, ConfigException, 'BAD_CONNECTION');
      await clock.tickAsync(29_999);
      expect(clock.countTimers()).to.equal(1);
      await clock.tickAsync(2);
      expect((await thrown).message).to.equal(`${message} 30000 ms`);
    });

    it(`${who} leaves no timer when it is closed meanwhile`, async () => {
      const late = new Late();
      const { lock, opened } = openWith(late, config(late));
      const ended = opened.catch((error: unknown) => error);
      await clock.tickAsync(0);
      await lock.close('123');
      expect(await ended).to.have.property('code', 'CLOSED');
      expect(clock.countTimers()).to.equal(0);
    });
  }
});

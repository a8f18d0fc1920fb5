import { expect } from 'chai';
import { Descriptor, References } from '../../../lib';
import { addressesOf, useLocks } from '../../integration/lock/locks';
import { RedisServer } from '../../support/RedisServer';
import { until } from '../../support/until';

const LONG = 60_000;

describe('A password that is changed while a lock is open', () => {
  const locks = useLocks();
  let servers: readonly RedisServer[] = [];
  /** What the stores and functions know. */
  let current = '';

  before(async () => {
    servers = await Promise.all([0, 1, 2].map(() => RedisServer.start()));
  });
  after(async () => {
    await Promise.all(servers.map((server) => server.stop()));
  });

  const change = async (password: string): Promise<void> => {
    current = password;
    const rules = ['reset', 'on', `>${password}`, '~*', '&*', '+@all'];
    await Promise.all(servers.map((server) => server.command('ACL', 'SETUSER', 'app', ...rules)));
  };
  const store = References.fromTuples(new Descriptor('app', 'credential-store', 'memory', 's', '1.0'), {
    lookup: async () => ({ username: 'app', password: current }),
  });

  for (const [title, credential] of [
    ['a credential store', { store_key: 'k' }],
    ['a function for the password', { username: 'app', password: () => current }],
    ['a function for the credential', async () => ({ username: 'app', password: current })],
  ] as const) {
    it(`is asked for again, of ${title}`, async () => {
      await change('first');
      const lock = await locks.open({ connections: addressesOf(servers), credential }, store);
      await lock.acquireLock('123', title, LONG);
      await change('second');
      await Promise.all(servers.map((server) => server.command('CLIENT', 'KILL', 'USER', 'app')));
      await until(() => lock.getStatus().masters.some(({ state }) => state !== 'ready'), 'they are cut');
      await until(() => lock.getStatus().masters.every(({ state }) => state === 'ready'), 'all are connected to again');

      await lock.releaseLock('123', title);
      expect(await lock.tryAcquireLock('123', title, LONG)).to.equal(true);
    });
  }

  it('goes on being tried where the one who knows it fails', async () => {
    await change('first');
    let asked = 0;
    const password = (): string => {
      asked += 1;
      if (asked === 2) throw new Error('the vault is sealed');
      return current;
    };
    const connections = addressesOf(servers.slice(0, 1));
    const lock = await locks.open({ connections, credential: { username: 'app', password } });
    await change('second');
    await servers[0]?.command('CLIENT', 'KILL', 'USER', 'app');
    await until(() => asked >= 3, 'it is asked once more');
    await until(() => lock.getStatus().masters[0]?.state === 'ready', 'it is connected to again');
  });
});

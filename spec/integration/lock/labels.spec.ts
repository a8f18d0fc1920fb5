import { expect } from 'chai';
import { type ApplicationException, ConfigException, ConnectionException } from 'pip-services4-commons-node';
import { Descriptor, References, type RedisLock } from '../../../lib';
import { RedisServer } from '../../support/RedisServer';
import { addressesOf, thrownBy, useLocks, useMasters } from './locks';

const LONG = 60_000;
const NAMES = ['primary-a', 'primary-b', 'primary-c'] as const;
const OPTIONS = { node_timeout: LONG, connect_timeout: LONG };
const WRONG = { username: 'nobody', password: 'wrong' };

describe('A master in the message of a lock', () => {
  const locks = useLocks();
  const masters = useMasters(3);
  const addresses = (): readonly string[] => addressesOf(masters).map(({ host, port }) => `${host}:${port}`);
  const named = (): Readonly<Record<string, object>> => {
    const sections = addressesOf(masters).map((address, at) => [String(NAMES[at]), address] as const);
    return Object.fromEntries<object>(sections);
  };
  const permit = async (right: string): Promise<void> => {
    await Promise.all(masters.map((master) => master.command('ACL', 'SETUSER', 'default', right)));
  };
  /** The message names each connection; the details have the addresses alone, as they always did. */
  const namesAll = ({ message, details }: ApplicationException): void => {
    for (const [at, address] of addresses().entries()) expect(message).to.contain(`${NAMES[at]} (${address})`);
    const answers = details.getAsString('masters').split('; ');
    expect(answers.map((answer) => answer.slice(0, answer.indexOf(': ')))).to.deep.equal(addresses());
  };

  type Ask = () => Promise<unknown>;
  const failures: readonly (readonly [title: string, begin: (lock: RedisLock) => Promise<Ask>])[] = [
    ['an acquire fails', (lock: RedisLock) => Promise.resolve(() => lock.acquireLock('123', 'key', LONG, 0))],
    [
      'an extension fails',
      async (lock: RedisLock) => {
        const lease = await lock.acquireLease('123', 'key', LONG);
        return () => lease.extend(LONG);
      },
    ],
    [
      'an adoption fails',
      async (lock: RedisLock) => {
        const handedOver = (await lock.acquireLease('123', 'key', LONG)).handOver();
        return () => lock.adoptLease('123', handedOver);
      },
    ],
    [
      'a release is not confirmed',
      async (lock: RedisLock) => {
        await lock.acquireLock('123', 'key', LONG);
        return () => lock.releaseLock('123', 'key');
      },
    ],
  ];
  for (const [title, begin] of failures) {
    it(`is named by its connection, too, where ${title}`, async () => {
      const fail = await begin(await locks.open({ connections: named(), options: OPTIONS }));
      await permit('-evalsha');
      try {
        namesAll(await thrownBy(fail(), ConnectionException, 'NO_QUORUM'));
      } finally {
        await permit('+evalsha');
      }
    });
  }

  it('is named by its connection, too, where an open fails', async () => {
    const lock = locks.create({ connections: named(), credential: WRONG, options: OPTIONS });
    namesAll(await thrownBy(lock.open('123'), ConnectionException, 'NO_QUORUM'));
  });

  it('is named by its connection, too, where two connections lead to one', async () => {
    const server = await RedisServer.start();
    const { port } = server;
    try {
      const connections = { a: { host: '127.0.0.1', port }, b: { host: 'localhost', port } };
      const lock = locks.create({ connections });
      const { message, details } = await thrownBy(lock.open('123'), ConfigException, 'DUPLICATE_MASTER');
      const labels = [`a (127.0.0.1:${port})`, `b (localhost:${port})`];
      const [one, other] = details.getAsString('address') === `127.0.0.1:${port}` ? labels : labels.reverse();
      expect(message).to.equal(
        `The connection to ${one} cannot be used: it is the same server as ${other}, which has one vote`,
      );
    } finally {
      await server.stop();
    }
  });

  for (const [title, source] of [
    ['one of a list', () => ({ connections: addressesOf(masters) })],
    ['one of a list that discovery knows', () => ({ connection: { discovery_key: 'k' } })],
  ] as const) {
    it(`is named by its address alone where its connection has no name: ${title}`, async () => {
      const discovery = { resolveAll: async () => addressesOf(masters) };
      const references = References.fromTuples(new Descriptor('app', 'discovery', 'x', 'y', '1.0'), discovery);
      const lock = locks.create({ ...source(), credential: WRONG, options: OPTIONS }, references);
      const { message } = await thrownBy(lock.open('123'), ConnectionException, 'NO_QUORUM');
      const [a, b, c] = addresses();
      expect(message).to.contain(`. ${a}, ${b} and ${c}: wrong-password (`);
    });
  }
});

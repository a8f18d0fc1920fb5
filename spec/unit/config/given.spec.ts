import { expect } from 'chai';
import { Redis } from 'ioredis';
import { RedisLock } from '../../../lib';
import { type Configuration } from '../../../lib/config/given';
import { parseConfig } from '../../../lib/config/LockConfig';
import { resolveMasters } from '../../../lib/config/resolveMasters';
import { ConfigParams } from '../../../lib/contract/ConfigParams';
import { refusalOf } from './refusal';

const named = async (given: Configuration): Promise<string[]> =>
  (await resolveMasters(null, parseConfig(given), null)).map(({ name, address }) => `${name} ${address}`);

describe('what a lock is configured with', () => {
  const good: [title: string, given: Configuration, masters: string[]][] = [
    ['a uri', 'redis://a:1', ['0 a:1']],
    ['uris with commas between them', 'redis://a, rediss://b:2', ['0 a:6379', '1 b:2']],
    ['a URL', new URL('redis://a:1'), ['0 a:1']],
    ['a list of uris', ['redis://a', new URL('redis://b')], ['0 a:6379', '1 b:6379']],
    ['a list of connections', [{ host: 'a' }, { host: 'b', port: 2 }], ['0 a:6379', '1 b:2']],
    ['parameters', ConfigParams.fromTuples('host', 'a'), ['connection a:6379']],
  ];
  for (const [title, given, masters] of good) {
    it(`may be ${title}`, async () => expect(await named(given)).to.deep.equal(masters));
  }

  it('is nothing where it is an empty list, which open refuses', async () => {
    expect((await refusalOf(() => named([]))).code).to.equal('NO_CONNECTION');
  });

  const client = new Redis({ lazyConnect: true, password: 'hunter2' });
  const remedy = "is a Redis client: the lock makes its own connections, so write 'redis://host:port'";
  const example = "write { connections: ['redis://host:port'] }";
  const bad: [title: string, given: unknown, code: string, message: string][] = [
    ['nothing', undefined, 'BAD_OPTION', `The configuration is undefined: ${example}`],
    ['null', null, 'BAD_OPTION', `The configuration is null: ${example}`],
    ['a number', 6379, 'BAD_OPTION', `The configuration is 6379: ${example}`],
    ['a flag', true, 'BAD_OPTION', `The configuration is true: ${example}`],
    ['a function', () => 'hunter2', 'BAD_OPTION', 'The configuration is a function: a value is needed'],
    ...['', ' ', 'hunter2', 'u:hunter2@a:1'].map((text): [string, unknown, string, string] => [
      `the text '${text}'`,
      text,
      'BAD_CONNECTION',
      "The configuration is a text without a scheme: write 'redis://host:port'",
    ]),
    ['a uri of another kind', 'http://u:hunter2@a', 'BAD_CONNECTION', "connections.0.uri is 'http://***@a'"],
    ['a client', client, 'BAD_OPTION', `The configuration ${remedy}`],
    ['a list of clients', [client], 'BAD_CONNECTION', `connections.0 ${remedy}`],
    ['clients as connections', { connections: ['redis://a', client] }, 'BAD_CONNECTION', `connections.1 ${remedy}`],
    ['a client as connection', { connection: client }, 'BAD_CONNECTION', `connection ${remedy}`],
    ['clients under another name', { clients: [client] }, 'BAD_CONNECTION', `clients.0 ${remedy}`],
    [
      'a client of node-redis',
      { connection: { duplicate: () => null, options: { password: 'hunter2' } } },
      'BAD_CONNECTION',
      `connection ${remedy}`,
    ],
  ];
  for (const [title, given, code, message] of bad) {
    it(`is refused where it is ${title}`, async () => {
      for (const work of [() => parseConfig(given as never), () => new RedisLock().configure(given as never)]) {
        const refusal = await refusalOf(work);
        expect(refusal.code).to.equal(code);
        expect(refusal.message).to.include(message).and.not.include('hunter2');
      }
    });
  }
});

describe('the constructor of a lock', () => {
  it('configures it, and says what configure would say', async () => {
    const refused = await refusalOf(() => new RedisLock({ options: { ttl: 1 } }));
    expect(refused.message).to.include("options.ttl is '1'");
    expect((await refusalOf(() => new RedisLock('hunter2'))).message).to.include('a text without a scheme');
    const duplicate = await refusalOf(() => new RedisLock(['redis://a', 'redis://a']).open('123'));
    expect(duplicate.code).to.equal('DUPLICATE_MASTER');
  });

  it('leaves it without a configuration where there is none', async () => {
    for (const none of [undefined, null]) {
      expect((await refusalOf(() => new RedisLock(none).open('123'))).code).to.equal('NO_CONNECTION');
    }
    expect((await refusalOf(() => new RedisLock().open('123'))).code).to.equal('NO_CONNECTION');
  });

  it('refuses the arguments of redlock, with the line to write', async () => {
    const construct = (...args: unknown[]): unknown => Reflect.construct(RedisLock, args);
    const refusal = await refusalOf(() => construct(['redis://a'], { retryCount: 3 }));
    expect(refusal.code).to.equal('BAD_OPTION');
    expect(refusal.message).to.include("write new RedisLock({ connections: ['redis://host:port'], options: {");
    expect((await refusalOf(() => construct([new Redis({ lazyConnect: true })]))).code).to.equal('BAD_CONNECTION');
  });
});

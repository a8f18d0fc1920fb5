import { inspect } from 'node:util';
import { expect } from 'chai';
import { parseConfig } from '../../../lib/config/LockConfig';
import { resolveMasters } from '../../../lib/config/resolveMasters';
import { ConfigParams, type ConfigSource } from '../../../lib/contract/ConfigParams';
import { Descriptor } from '../../../lib/contract/Descriptor';
import { References } from '../../../lib/contract/References';

/** Secrets as people write them: plain, with what has a meaning in a uri, and as a key. */
const SECRETS: readonly string[] = [
  'zzhunter2zz',
  'zz/hunter2zz',
  'zz?hunter2',
  'zz#hunter2',
  'zz:hunter2',
  'zz%hunter2',
  'zz%2Fhunter2',
  'zz hunter2',
  'zz,hunter2',
  'zz@hunter2@zz',
  '-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----',
];

/** What can come before and behind a secret in a uri, rightly or by mistake. */
const URIS: readonly ((secret: string) => string)[] = [
  (secret) => `redis://u:${secret}@a`,
  (secret) => `redis://u:${encodeURIComponent(secret)}@a:1/2`,
  (secret) => `redis://:${secret}@a:port`,
  (secret) => `redis://u:${secret}@a:99999`,
  (secret) => `redis://u:${secret}@`,
  (secret) => `redis://u:${secret}@a,u:${secret}@b`,
  (secret) => `redis://u:${secret}@a,redis://u:${secret}@b`,
  (secret) => `redis://u:${secret}@a/x`,
  (secret) => `redis://u:${secret}@a?db=1`,
  (secret) => `redis://a?password=${secret}`,
  (secret) => `redis://a#${secret}`,
  (secret) => `rediss://u:${secret}@[::1`,
  (secret) => `unix://u:${secret}@/a`,
  (secret) => `unix://u:${encodeURIComponent(secret)}@/a?db=x`,
  (secret) => `unix:///a?password=${secret}`,
  (secret) => `http://u:${secret}@a`,
  (secret) => `u:${secret}@a`,
  (secret) => `//u:${secret}@a`,
  (secret) => `u:${secret}`,
];

const CERT = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----';

/** Where a secret may stand. Each is tried with every secret, alone and beside what makes resolution fail. */
const POSITIONS: readonly ((secret: string) => Record<string, unknown>)[] = [
  ...URIS.map((uri) => (secret: string) => ({ connections: { x: { uri: uri(secret) } } })),
  ...URIS.map((uri) => (secret: string) => ({ connections: { x: { host: uri(secret) } } })),
  ...URIS.map((uri) => (secret: string) => ({ connections: { x: { discovery_key: 'k', uri: uri(secret) } } })),
  ...URIS.map((uri) => (secret: string) => ({ connections: [uri(secret)] })),
  ...URIS.map((uri) => (secret: string) => ({ connections: { x: 'redis://b', y: uri(secret) } })),
  ...URIS.map((uri) => (secret: string) => ({ connections: `redis://b,${uri(secret)}` })),
  ...URIS.map((uri) => (secret: string) => ({ connections: `${uri(secret)},` })),
  ...URIS.map((uri) => (secret: string) => ({ connection: uri(secret) })),
  ...URIS.map((uri) => (secret: string) => ({ connection: uri(secret), 'connection.password': secret })),
  ...URIS.map((uri) => (secret: string) => ({ uri: uri(secret), options: { quorum: 'x' } })),
  (secret) => ({ connections: secret, credentials: secret }),
  (secret) => ({ connections: { x: { host: 'a', username: 'u', password: secret } } }),
  (secret) => ({ connections: { x: { host: 'a', pass: secret, port: 'x' } } }),
  (secret) => ({ connections: { x: { host: 'a', pass: secret }, y: { host: 'a', pass: secret } } }),
  (secret) => ({ connections: { x: { host: 'a', passwrod: secret, tls: { cret: secret } } } }),
  (secret) => ({ connections: { x: { host: 'a', tls: { cert: CERT, key: secret } } } }),
  (secret) => ({ connections: { x: { host: 'a', tls: { key: secret } } } }),
  (secret) => ({ connections: { x: { host: 'a', tls: { ca: secret } } } }),
  (secret) => ({ connections: { x: { host: 'a', tls: { ca: [CERT, secret] } } } }),
  (secret) => ({ connections: { x: { host: 'a', tls: { ca: { pem: secret } } } } }),
  (secret) => ({ connections: { x: { host: 'a', tls: { cert: CERT, key: [secret, secret], passphrase: secret } } } }),
  (secret) => ({
    connections: { x: { host: 'a', tls: { cert: CERT, key: Buffer.from(secret), passphrase: secret } } },
  }),
  (secret) => ({ connections: { x: { host: 'a', ssl_key: secret } }, tls: { key: secret } }),
  (secret) => ({ connections: [{ hots: secret, password: secret }], conections: secret }),
  ...URIS.map((uri) => (secret: string) => ({ url: uri(secret), uri: uri(secret), db: 'x' })),
  (secret) => ({ connections: { x: { host: 'a', tls: { ca: `${CERT}\n${secret}` } } } }),
  (secret) => ({ connections: { x: { host: `u:${secret}` } } }),
  (secret) => ({ host: 'a', username: 'u', password: secret }),
  (secret) => ({ host: 'a', credential: { password: secret } }),
  (secret) => ({ host: 'a', credential: { pass: secret, user: '' } }),
  (secret) => ({ host: 'a', credential: { store_key: 'k', password: secret } }),
  (secret) => ({ host: 'a', credential: { secret_key: secret } }),
  (secret) => ({ host: 'a', credentials: { x: { password: secret }, y: { password: secret } } }),
  (secret) => ({ connection: { discovery_key: 'k', password: secret } }),
  (secret) => ({ connection: { discovery_key: 'none', password: secret } }),
  (secret) => ({ connection: { uri: 'redis://v@a' }, credential: { user: 'u', password: secret } }),
];

const answering = (secret: string): References =>
  References.fromTuples(
    new Descriptor('app', 'discovery', 'memory', 'default', '1.0'),
    {
      resolveAll: async (_: unknown, key: string) =>
        key === 'k' ? URIS.map((uri) => ConfigParams.fromTuples('uri', uri(secret), 'password', secret)) : [],
    },
    new Descriptor('app', 'credential-store', 'memory', 'default', '1.0'),
    { lookup: async () => ConfigParams.fromTuples('password', secret) },
  );

/** Everything that is given back or thrown, in every way in which it may be printed. */
async function printed(source: ConfigSource, references: References): Promise<string> {
  const given: unknown[] = [];
  try {
    const config = parseConfig(source);
    given.push(config);
    given.push(await resolveMasters('123', config, references));
  } catch (error) {
    const { message, stack, details, cause } = error as Error & { details: unknown };
    given.push(error, message, stack, details, cause, String(details));
  }
  return given.map((value) => JSON.stringify(value) + inspect(value, { depth: 20, showHidden: true })).join('\n');
}

describe('a secret', () => {
  for (const secret of SECRETS) {
    it(`is shown nowhere, whatever it stands in: ${JSON.stringify(secret)}`, async () => {
      for (const position of POSITIONS) {
        const source = position(secret);
        const seen = await printed(source, answering(secret));
        expect(seen, inspect(source, { depth: 5 })).not.to.include('hunter2');
      }
    });
  }

  it('would be seen if it were shown', async () => {
    expect(await printed({ options: { ttl: 'hunter2' } }, new References())).to.include('hunter2');
    expect(await printed({ host: 'hunter2' }, new References())).to.include('hunter2');
  });
});

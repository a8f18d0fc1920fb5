import { expect } from 'chai';
import { CONNECTION_KEYS } from '../../../lib/config/Connection';
import { parseConfig } from '../../../lib/config/LockConfig';
import type { MasterEndpoint } from '../../../lib/config/MasterEndpoint';
import { Secret } from '../../../lib/config/Secret';
import { resolveMasters } from '../../../lib/config/resolveMasters';
import { ConfigParams, type ConfigSource } from '../../../lib/contract/ConfigParams';
import { refusalOf } from './refusal';

const mastersOf = (source: ConfigSource): Promise<readonly MasterEndpoint[]> =>
  resolveMasters(null, parseConfig(source), null);

const named = async (source: ConfigSource): Promise<string[]> =>
  (await mastersOf(source)).map(({ name, address }) => `${name} ${address}`);

/** What a template leaves behind where nothing was set. */
const BLANK: ConfigSource = {
  connections: ' ',
  connection: '',
  credentials: null,
  credential: undefined,
  options: ' ',
};

describe('connections', () => {
  const shapes: [title: string, source: ConfigSource, masters: string[]][] = [
    [
      'the documented example',
      ConfigParams.fromTuples('host', 'localhost', 'port', 6379),
      ['connection localhost:6379'],
    ],
    ['a host at the top level', { host: 'a' }, ['connection a:6379']],
    ['a uri at the top level', { uri: 'redis://a:1' }, ['connection a:1']],
    ['a url at the top level', { url: 'redis://a:1' }, ['connection a:1']],
    ['urls', { connections: [{ url: 'redis://a:1' }, { url: new URL('redis://b:2') }] }, ['0 a:1', '1 b:2']],
    ['a url and the same uri', { connection: { url: 'redis://a:1', uri: 'redis://a:1' } }, ['connection a:1']],
    ['one connection', { connection: { host: 'a', port: 7000 } }, ['connection a:7000']],
    ['a connection with ip', { connection: { ip: '10.0.0.1' } }, ['connection 10.0.0.1:6379']],
    ['host before ip', { connection: { ip: '10.0.0.1', host: 'a' } }, ['connection a:6379']],
    ['a list', { connections: [{ host: 'a' }, { host: 'b' }] }, ['0 a:6379', '1 b:6379']],
    ['named sections', { connections: { x: { host: 'a' }, Y: { host: 'b' } } }, ['x a:6379', 'Y b:6379']],
    [
      'numbered keys',
      ConfigParams.fromTuples('connections.0.host', 'a', 'connections.1.host', 'b', 'connections.0.port', 1),
      ['0 a:1', '1 b:6379'],
    ],
    ['dotted keys in a plain object', { 'connections.a.host': 'a' }, ['a a:6379']],
    ['connections before connection', { connection: { host: 'b' }, connections: [{ host: 'a' }] }, ['0 a:6379']],
    ['connection where connections is empty', { connection: { host: 'b' }, connections: [] }, ['connection b:6379']],
    ['sections before the top level', { host: 'b', connection: { host: 'a' } }, ['connection a:6379']],
    [
      'a bare and a bracketed IPv6 host',
      { connections: [{ host: '::1' }, { host: '[::2]' }] },
      ['0 [::1]:6379', '1 [::2]:6379'],
    ],
    ['a list of uris', { connections: ['redis://a:1', 'rediss://u:p@b'] }, ['0 a:1', '1 b:6379']],
    ['named uris', { connections: { x: 'redis://a', y: { host: 'b' } } }, ['x a:6379', 'y b:6379']],
    [
      'numbered uris',
      ConfigParams.fromTuples('connections.0', 'redis://a', 'connections.1', 'redis://b:2'),
      ['0 a:6379', '1 b:2'],
    ],
    [
      'uris with commas between them',
      { connections: 'redis://u:p%2C1@a, rediss://b:2,unix:///c.sock' },
      ['0 a:6379', '1 b:2', '2 /c.sock'],
    ],
    [
      'an array that became a text',
      ConfigParams.fromTuples('connections', ['redis://a', 'redis://b']),
      ['0 a:6379', '1 b:6379'],
    ],
    ['one uri in a list', { connections: 'redis://a' }, ['0 a:6379']],
    ['a uri as connection', { connection: 'redis://a:1/2' }, ['connection a:1']],
    ['uris before connection', { connections: 'redis://a', connection: 'redis://b' }, ['0 a:6379']],
    ['a uri before host and port', { connection: { uri: 'redis://a:1', host: 'b', port: 2 } }, ['connection a:1']],
  ];
  for (const [title, source, masters] of shapes) {
    it(`reads ${title}`, async () => expect(await named(source)).to.deep.equal(masters));
  }

  it('reads database, user and password, in both spellings', async () => {
    const [one, two] = await mastersOf({
      connections: [
        { host: 'a', db: 3, username: 'u1', password: ' p1 ' },
        { host: 'b', user: 'u2', pass: 'p2' },
      ],
    });
    expect([one?.db, one?.username, one?.password?.reveal()]).to.deep.equal([3, 'u1', ' p1 ']);
    expect([two?.db, two?.username, two?.password?.reveal()]).to.deep.equal([0, 'u2', 'p2']);
  });

  it('reads user, password, database and TLS in uris that stand for sections', async () => {
    const sources = [['redis://b', 'rediss://u:p%2C%251@a:1/2'], 'redis://b,rediss://u:p%2C%251@a:1/2'];
    for (const connections of sources) {
      const [, master] = await mastersOf({ connections });
      expect(master).to.deep.include({ db: 2, username: 'u', address: 'a:1' });
      expect([master?.password?.reveal(), master?.tls === null]).to.deep.equal(['p,%1', false]);
    }
  });

  for (const blank of ['', ' ', null, undefined, [], {}]) {
    it(`takes a value of ${JSON.stringify(blank)} for none, without a warning`, async () => {
      // An empty section of encryption asks for it.
      const keys = CONNECTION_KEYS.filter((key) => key !== 'host' && !/^(?:tls|ssl)\b/.test(key));
      const connection = Object.fromEntries([...keys.map((key) => [key, blank] as const), ['host', 'a']]);
      const bare = await mastersOf({ host: 'a' });
      for (const source of [{ connection }, connection]) {
        expect(await mastersOf(source)).to.deep.equal(bare);
        expect(parseConfig(source).warnings).to.deep.equal([]);
      }
      const shadowed = { ...connection, host: blank, uri: 'redis://u:p@b' };
      expect(await named({ connection: shadowed })).to.deep.equal(['connection b:6379']);
      expect(await named({ ...connection, connections: ['redis://b'] })).to.deep.equal(['0 b:6379']);
      expect(await named({ connections: blank, connection: blank, host: 'a' })).to.deep.equal(['connection a:6379']);
    });
  }

  it('gives whole and frozen masters', async () => {
    const masters = await mastersOf({ host: 'a' });
    expect(masters).to.deep.equal([
      {
        name: 'connection',
        address: 'a:6379',
        target: { kind: 'tcp', host: 'a', port: 6379 },
        db: 0,
        username: null,
        password: null,
        sentinelLogin: null,
        logInAnew: null,
        tls: null,
      },
    ]);
    for (const value of [masters, masters[0], masters[0]?.target]) expect(value).to.be.frozen;
  });

  it('gives a configuration that is frozen all the way down', () => {
    const config = parseConfig({
      connections: [{ uri: 'rediss://u:p@a' }, { discovery_key: 'k' }],
      credentials: [{ password: 'p' }, { store_key: 'k' }],
    });
    const seen: object[] = [config];
    for (const value of seen) {
      expect(value, Object.keys(value).join()).to.be.frozen;
      // A secret has nothing that could be set; the others are followed.
      for (const below of Object.values(value) as unknown[]) {
        if (typeof below === 'object' && below !== null && !(below instanceof Secret)) seen.push(below);
      }
    }
    expect(seen.length).to.be.greaterThan(15);
  });

  it('refuses a configuration without any, once masters are asked for', async () => {
    for (const source of [
      {},
      { connections: [] },
      { options: { ttl: 10 } },
      { connections: {}, connection: {} },
      BLANK,
    ]) {
      expect(parseConfig(source).connections).to.deep.equal([]);
      expect((await refusalOf(() => mastersOf(source))).code).to.equal('NO_CONNECTION');
    }
  });

  const misspelt: [source: ConfigSource, hint: string][] = [
    [{ conections: [{ host: 'a' }] }, 'conections is not a known setting and is ignored: did you mean `connections`?'],
    [{ 'conection.host': 'a' }, 'conection is not a known setting and is ignored: did you mean `connection`?'],
    [{ hots: 'a' }, 'hots is not a known setting and is ignored: did you mean `host`?'],
  ];
  for (const [source, hint] of misspelt) {
    it(`names what was misspelt where there are no connections: ${Object.keys(source).join()}`, async () => {
      const refusal = await refusalOf(() => mastersOf(source));
      expect(refusal.code).to.equal('NO_CONNECTION');
      expect(refusal.message)
        .to.match(/^No connection is configured: /)
        .and.include(hint);
    });
  }

  const bad: [title: string, source: ConfigSource, message: string][] = [
    ['an empty host', { connections: { a: { host: '' } } }, 'connections.a.host is missing'],
    ['a blank host', { connection: { host: '  ' } }, 'connection.host is missing'],
    ['a host that is null', { connection: { host: null } }, 'connection.host is missing'],
    ['a blank host at the top level', { host: ' ' }, 'host is missing'],
    ['a blank ip', { connection: { ip: '' } }, 'connection.host is missing'],
    ['a blank host beside others', { connections: [{ host: 'a' }, { host: '' }] }, 'connections.1.host is missing'],
    ['a blank host beside settings', { connection: { host: '', password: 'hunter2' } }, 'connection.host is missing'],
    ['no host at all', { connection: { port: 1 } }, 'connection.host is missing'],
    ['a port alone at the top level', { port: 1 }, 'host is missing'],
    ['several hosts', { connection: { host: 'a,b' } }, "connection.host is 'a,b': one host"],
    ['several hosts with space', { connection: { host: 'a b' } }, "connection.host is 'a b': one host"],
    ['several hosts with semicolon', { connection: { host: 'a;b' } }, "connection.host is 'a;b': one host"],
    ['a host with a port in it', { connection: { host: 'a:1' } }, "connection.host is 'a:1': one host"],
    ['a uri as host', { connection: { host: 'redis://u:hunter2@a' } }, "connection.host is '***': one host"],
    ['brackets around a name', { connection: { host: '[a]' } }, "connection.host is '[a]': one host"],
    ['port 0', { connection: { host: 'a', port: 0 } }, "connection.port is '0': a port from 1 to 65535"],
    ['port 65536', { connection: { host: 'a', port: 65536 } }, "connection.port is '65536': a port from 1 to 65535"],
    ['a garbage port', { connections: [{ host: 'a', port: '63x' }] }, "connections.0.port is '63x': a port from"],
    ['a negative db', { connection: { host: 'a', db: -1 } }, "connection.db is '-1': a whole number from 0"],
    ['a garbage db', { connection: { host: 'a', db: 'x' } }, "connection.db is 'x': a whole number from 0"],
    [
      'a url beside another uri',
      { connection: { uri: 'redis://a', url: 'redis://:hunter2@b' } },
      'connection.url stands beside another uri',
    ],
    ['a wrong url', { connections: [{ url: 'redis://:hunter2@a:0' }] }, "connections.0.url is 'redis://***@a:0'"],
    [
      'a misspelt host',
      { connections: [{ hots: 'a' }] },
      'connections.0.host is missing: a host, a uri, sentinels or a discovery_key is needed. ' +
        'connections.0.hots is not known: did you mean `host`?',
    ],
    [
      'a misspelt host at the top level',
      { hots: 'a', port: 6379 },
      'host is missing: a host, a uri, sentinels or a discovery_key is needed. hots is not known: did you mean `host`?',
    ],
    ['a blank uri', { connection: { uri: '' } }, 'connection.host is missing'],
    ['a blank uri at the top level', { uri: '' }, 'host is missing'],
    ['a blank discovery key', { connection: { discovery_key: '' } }, 'connection.host is missing'],
    ['an entry without settings', { connections: [{ host: 'a' }, {}] }, 'connections.1 is empty'],
    ['an entry that is null', { connections: { a: null } }, 'connections.a is empty'],
    ['an entry that is blank', { connections: ['redis://a', ' '] }, 'connections.1 is empty'],
    ['settings where names belong', { connections: { host: 'hunter2' } }, 'connections.host has no scheme'],
    ['an entry without a name', { 'connections..host': 'a' }, 'connections..host has no name'],
    [
      'a host and port as an entry',
      { connections: ['a:6379'] },
      'connections.0 has no scheme: write connections.0: redis://',
    ],
    ['hosts and ports with commas', { connections: 'redis://a,b:6379' }, 'connections.1 has no scheme: write redis://'],
    ['a value as connections', { connections: 'hunter2' }, 'connections.0 has no scheme'],
    ['an empty entry between commas', { connections: 'redis://a,,redis://b' }, 'connections.1 is empty'],
    ['an empty entry behind a comma', { connections: 'redis://a,' }, 'connections.1 is empty'],
    [
      'a comma in a password',
      { connections: 'redis://u:hunter2,hunter2@a' },
      'connections.1 has no scheme: write redis://host:port for each master, and %2C for a comma in a password',
    ],
    [
      'a port in a password before a comma',
      { connections: 'redis://app:1234,hunter2@a' },
      'connections.1 has no scheme: write redis://host:port for each master, and %2C for a comma in a password',
    ],
    [
      'several uris as one entry',
      { connections: ['redis://:hunter2@a,redis://b'] },
      "connections.0.uri is 'redis://***@a,redis:",
    ],
    ['several uris as connection', { connection: 'redis://a,redis://b' }, "connection.uri is 'redis://***'"],
    ['a wrong port in a uri', { connections: ['redis://u:hunter2@a:0'] }, "connections.0.uri is 'redis://***@a:0'"],
    [
      'a uri beside its section',
      { 'connections.a': 'redis://:hunter2@a', 'connections.a.db': 1 },
      'connections.a is both',
    ],
    ['uris beside sections', { connections: 'redis://:hunter2@a', 'connections.a.host': 'a' }, 'connections is both'],
    ['connection beside its section', { connection: 'redis://a', 'connection.db': 1 }, 'connection is both'],
    ['connection as a value', { connection: 'hunter2' }, 'connection has no scheme'],
    ['a credential as a value', { credentials: { a: 'redis://hunter2' } }, 'credentials.a has no settings'],
    ['an unknown protocol', { connection: { host: 'a', protocol: 'http' } }, "connection.protocol is 'http'"],
    ['credentials as a value', { credentials: 'hunter2' }, 'credentials is a value'],
    ['a wrong port beside discovery', { connection: { discovery_key: 'k', port: 0 } }, "connection.port is '0'"],
  ];
  for (const [title, source, message] of bad) {
    it(`refuses ${title}`, async () => {
      const refusal = await refusalOf(() => parseConfig(source));
      expect(refusal.code).to.equal('BAD_CONNECTION');
      expect(refusal.message).to.include(message);
      expect(refusal.message).not.to.include('hunter2');
      expect(refusal.details.getAsString('key')).to.equal(message.split(' ')[0]);
    });
  }

  const twins: [title: string, one: object, other: object][] = [
    ['the same host and port', { host: 'a', port: 6379 }, { host: 'a' }],
    ['the same host in another case', { host: 'Redis-A' }, { uri: 'redis://redis-a' }],
    ['two databases of one server', { host: 'a', db: 1 }, { host: 'a', db: 2 }],
    ['two spellings of one IPv6 address', { host: '::1' }, { host: '[0:0::0001]' }],
    ['one socket', { uri: 'unix:///a.sock' }, { uri: 'unix:///a.sock?db=1' }],
  ];
  for (const [title, one, other] of twins) {
    it(`refuses ${title} in two connections`, async () => {
      const refusal = await refusalOf(() => mastersOf({ connections: { x: { host: 'z' }, one, other } }));
      expect(refusal.code).to.equal('DUPLICATE_MASTER');
      expect(refusal.message).to.match(/^Connections one and other both name /);
      expect(refusal.message).to.include(` both name ${refusal.details.getAsString('address')}: `);
      expect(refusal.details.getAsString('address')).not.to.equal('');
      expect(refusal.details.getAsString('connections')).to.equal('one, other');
    });
  }

  it('takes other ports, other socket paths and unresolved names for other masters', async () => {
    const connections = [
      { host: 'localhost' },
      { host: '127.0.0.1' },
      { host: 'localhost', port: 1 },
      { uri: 'unix:///a' },
      { uri: 'unix:///A' },
      { host: 'fe80::1%eth0' },
      { host: 'fe80::1%eth1' },
    ];
    expect(await mastersOf({ connections })).to.have.length(7);
  });
});

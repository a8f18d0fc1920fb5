import { expect } from 'chai';
import { parseConfig } from '../../../lib/config/LockConfig';
import type { ConfigSource } from '../../../lib/contract/ConfigParams';

describe('warnings', () => {
  const cases: [title: string, source: ConfigSource, warnings: string[]][] = [
    ['nothing wrong', { host: 'a', options: { ttl: 10 }, credential: { password: 'p' }, descriptor: 'x' }, []],
    [
      'every known setting',
      {
        connection: {
          host: 'a',
          db: 1,
          protocol: 'redis',
          tls: { ca: 'c', cert: 'd', key: 'e', servername: 'f' },
          user: 'u',
          pass: 'p',
        },
        credential: { store_key: 'k', username: 'u', password: 'p' },
      },
      [],
    ],
    [
      'unknown options, with the name that was meant',
      { options: { retryTimeout: 5, speed: 'hunter2', 'node-timeout': 1, nested: { ttl: 3 } } },
      [
        'options.retryTimeout is not a known setting and is ignored: did you mean `options.retry_timeout`?',
        'options.speed is not a known setting and is ignored',
        'options.node-timeout is not a known setting and is ignored: did you mean `options.node_timeout`?',
        'options.nested.ttl is not a known setting and is ignored',
      ],
    ],
    [
      'unknown sections, with the name that was meant',
      {
        conections: [{ host: 'a' }, { host: 'b' }],
        Options: { ttl: 3 },
        retries: 5,
        tls: true,
        secure: true,
        descriptor: 'x',
        type: 'y',
      },
      [
        'conections is not a known setting and is ignored: did you mean `connections`?',
        'Options is not a known setting and is ignored: did you mean `options`?',
        'retries is not a known setting and is ignored: did you mean `options.retries`?',
      ],
    ],
    [
      'the singular beside the plural',
      {
        connection: { host: 'a' },
        connections: { b: { host: 'b' } },
        credential: { password: 'p' },
        credentials: { b: { password: 'p' } },
      },
      ['connection is ignored beside connections', 'credential is ignored beside credentials'],
    ],
    [
      'a uri beside the plural, in each form',
      { connection: 'redis://:hunter2@a', connections: 'redis://:hunter2@b' },
      ['connection is ignored beside connections'],
    ],
    [
      'unknown keys of connections',
      { connections: { a: { host: 'a', passwrod: 'hunter2', tls: { check: 'no' } }, b: { host: 'b', DB: 1 } } },
      [
        'connections.a.passwrod is not a known setting and is ignored: did you mean `connections.a.password`?',
        'connections.a.tls.check is not a known setting and is ignored',
        'connections.b.DB is not a known setting and is ignored: did you mean `connections.b.db`?',
      ],
    ],
    [
      'unknown keys of credentials',
      { host: 'a', credential: { password: 'p', access_key: 'hunter2' } },
      ['credential.access_key is not a known setting and is ignored'],
    ],
    [
      'an address at the top level beside sections',
      { host: 'a', port: 1, connection: { host: 'b' } },
      [
        'host at the top level is ignored beside the connections in sections',
        'port at the top level is ignored beside the connections in sections',
      ],
    ],
    [
      'an address beside a uri',
      {
        connections: [
          { uri: 'redis://a', host: 'b', port: 2 },
          { url: 'redis://c', ip: 'd' },
        ],
      },
      [
        'connections.0.host is ignored beside the uri of the same connection',
        'connections.0.port is ignored beside the uri of the same connection',
        'connections.1.ip is ignored beside the uri of the same connection',
      ],
    ],
    [
      'a credential of several that has the name of no connection',
      { connections: { a: { host: 'a' } }, credentials: { a: { password: 'p' }, b: { password: 'p' } } },
      ['credentials.b has the name of no connection and is ignored'],
    ],
    ['the one credential, whatever its name', { host: 'a', credentials: { b: { password: 'p' } } }, []],
  ];
  const misspelt: [written: string, meant: string | null][] = [
    ['hots', 'host'],
    ['prot', 'port'],
    ['discoveryKey', 'discovery_key'],
    ['discovery_kye', 'discovery_key'],
    ['sentinal_password', 'sentinel_password'],
    ['mastername', 'master_name'],
    ['tls.certs', 'tls.cert'],
    ['tls.serverName', 'tls.servername'],
    ['weight', null],
    ['id', null],
    ['label', null],
  ];
  for (const [written, meant] of misspelt) {
    it(`name ${meant ?? 'nothing'} for ${written}`, () => {
      const hint = meant === null ? '' : `: did you mean \`connections.a.${meant}\`?`;
      expect(parseConfig({ connections: { a: { host: 'a', [written]: '1', tls: false } } }).warnings).to.deep.equal([
        `connections.a.${written} is not a known setting and is ignored${hint}`,
      ]);
    });
  }

  it('name a top-level option by its section before any other setting', () => {
    const { warnings } = parseConfig({ host: 'a', ttl: 5, retryCount: 1, credentails: { password: 'hunter2' } });
    expect(warnings).to.deep.equal([
      'ttl is not a known setting and is ignored: did you mean `options.ttl`?',
      'retryCount is not a known setting and is ignored: did you mean `options.retryCount`?',
      'credentails is not a known setting and is ignored: did you mean `credentials`?',
    ]);
  });

  for (const [title, source, warnings] of cases) {
    it(`tell of ${title}`, () => expect(parseConfig(source).warnings).to.deep.equal(warnings));
  }
});

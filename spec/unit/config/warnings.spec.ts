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
        'options.retryTimeout is not a known setting and is ignored; options.retry_timeout is',
        'options.speed is not a known setting and is ignored',
        'options.node-timeout is not a known setting and is ignored; options.node_timeout is',
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
        'conections is not a known setting and is ignored',
        'Options is not a known setting and is ignored; options is',
        'retries is not a known setting and is ignored',
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
        'connections.a.passwrod is not a known setting and is ignored',
        'connections.a.tls.check is not a known setting and is ignored',
        'connections.b.DB is not a known setting and is ignored; connections.b.db is',
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
          { uri: 'redis://c', ip: 'd' },
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
  for (const [title, source, warnings] of cases) {
    it(`tell of ${title}`, () => expect(parseConfig(source).warnings).to.deep.equal(warnings));
  }
});

import { expect } from 'chai';
import { readUri } from '../../../lib/config/redisUri';
import { refusalOf } from './refusal';

const said = (uri: string): unknown => {
  const { target, db, login, tls } = readUri('uri', uri);
  const where = target.kind === 'tcp' ? [target.host, target.port] : [target.path];
  return [...where, db, login.username, login.password?.reveal() ?? null, tls];
};

describe('readUri', () => {
  const good: [uri: string, said: unknown[]][] = [
    ['redis://a', ['a', 6379, null, null, null, false]],
    ['redis://a/', ['a', 6379, null, null, null, false]],
    ['REDIS://A:7000', ['A', 7000, null, null, null, false]],
    ['redis://a:1/0', ['a', 1, 0, null, null, false]],
    ['redis://a:65535/15', ['a', 65535, 15, null, null, false]],
    ['redis://a/2147483647', ['a', 6379, 2147483647, null, null, false]],
    ['rediss://a', ['a', 6379, null, null, null, true]],
    ['redis://u:p@a', ['a', 6379, null, 'u', 'p', false]],
    ['redis://:p@a', ['a', 6379, null, null, 'p', false]],
    ['redis://u@a', ['a', 6379, null, 'u', null, false]],
    ['redis://u:@a', ['a', 6379, null, 'u', null, false]],
    ['redis://@a', ['a', 6379, null, null, null, false]],
    ['redis://u%40x:p%3A%2F%3F%23%40%25@a:2/3', ['a', 2, 3, 'u@x', 'p:/?#@%', false]],
    ['redis://:p:q@a', ['a', 6379, null, null, 'p:q', false]],
    ['redis://:p,q;r@a', ['a', 6379, null, null, 'p,q;r', false]],
    ['redis://[::1]', ['::1', 6379, null, null, null, false]],
    ['rediss://u:p@[fe80::1]:7/1', ['fe80::1', 7, 1, 'u', 'p', true]],
    ['unix:///var/run/redis.sock', ['/var/run/redis.sock', null, null, null, false]],
    ['unix:///a%20b?db=2', ['/a b', 2, null, null, false]],
    ['unix://u:p%2F@/a.sock?db=0', ['/a.sock', 0, 'u', 'p/', false]],
  ];
  for (const [uri, expected] of good) {
    it(`reads ${uri}`, () => expect(said(uri)).to.deep.equal(expected));
  }

  const SCHEMES = 'a redis://, rediss:// or unix:// uri';
  const HOST = 'one host name or address';
  const PORT = 'a port from 1 to 65535';
  const ENCODED = 'a user and password with /, ?, # and @ written as %2F, %3F, %23 and %40';
  const DB = 'a database from 0 to 2147483647';
  const bad: [uri: string, shown: string, bound: string][] = [
    ['hunter2', '***', SCHEMES],
    ['u:hunter2@a:1', '***', SCHEMES],
    ['//u:hunter2@a', '***', SCHEMES],
    ['redis:/a', '***', SCHEMES],
    ['http://u:hunter2@a/x', 'http://***@a/x', SCHEMES],
    ['redis+sentinel://a', 'redis+sentinel://a', SCHEMES],
    ['redis://', 'redis://', HOST],
    ['redis:///1', 'redis:///1', HOST],
    ['redis://:hunter2', 'redis://***', HOST],
    ['redis://u:hunter2@', 'redis://***@', HOST],
    ['redis://u:hunter2@:1', 'redis://***@:1', HOST],
    ['redis://a,b:1', 'redis://a,b:1', HOST],
    ['redis://a:1,b:2', 'redis://***', HOST],
    ['redis://a:1,redis://b:2', 'redis://***', HOST],
    ['redis://:hunter2@a,b', 'redis://***@a,b', HOST],
    ['redis://:hunter2@a,:hunter2@b', 'redis://***@b', ENCODED],
    ['redis://:hunter2@a,redis://:hunter2@b', 'redis://***', ENCODED],
    ['redis://u:hun/ter2@a', 'redis://***', ENCODED],
    ['redis://u:1?hunter2@a', 'redis://***', ENCODED],
    ['redis://u:1#hunter2@a', 'redis://***', ENCODED],
    ['redis://u:hunter2@hunter2@a', 'redis://***@a', ENCODED],
    ['redis://u:%zzhunter2@a', 'redis://***@a', 'each % followed by two hexadecimal digits'],
    ['redis://u%:hunter2@a', 'redis://***@a', 'each % followed by two hexadecimal digits'],
    ['redis://a:', 'redis://***', PORT],
    ['redis://a:0', 'redis://a:0', PORT],
    ['redis://a:65536', 'redis://a:65536', PORT],
    ['redis://:hunter2@a:port', 'redis://***@a:port', PORT],
    ['redis://u:hunter2', 'redis://***', PORT],
    ['redis://@a:port', 'redis://***@a:port', PORT],
    ['redis://[::1', 'redis://***', HOST],
    ['redis://[::1]x', 'redis://***', HOST],
    ['redis://::1', 'redis://***', HOST],
    ['redis://[a]', 'redis://[a]', HOST],
    ['redis://a/x', 'redis://a/x', DB],
    ['redis://a/-1', 'redis://a/-1', DB],
    ['redis://a/1/2', 'redis://a/1/2', DB],
    ['redis://a/2147483648', 'redis://a/2147483648', DB],
    ['redis://a?password=hunter2', 'redis://a', 'a uri that ends with the database'],
    ['redis://a/1#hunter2', 'redis://a/1', 'a uri that ends with the database'],
    ['redis://a b', 'redis://a b', 'a uri without white space'],
    ['redis://a\n', 'redis://a\n', 'a uri without white space'],
    ['unix://a/b', 'unix://a/b', 'an absolute path'],
    ['unix://', 'unix://', 'an absolute path'],
    ['unix:///', 'unix:///', 'an absolute path'],
    ['unix:///a?db=x', 'unix:///a', DB],
    ['unix:///a?db=', 'unix:///a', DB],
    ['unix:///a?password=hunter2', 'unix:///a', 'a uri that ends with the path or with ?db='],
    ['unix:///a#x', 'unix:///a', 'a uri that ends with the path or with ?db='],
    ['unix:///a%', 'unix:///a%', 'each % followed by two hexadecimal digits'],
  ];
  for (const [uri, shown, bound] of bad) {
    it(`refuses ${JSON.stringify(uri)}, and shows ${JSON.stringify(shown)}`, async () => {
      const refusal = await refusalOf(() => readUri('connection.uri', uri));
      expect(refusal.code).to.equal('BAD_CONNECTION');
      expect(refusal.message).to.include(`connection.uri is '${shown}': ${bound}`);
      expect(refusal.message).not.to.include('hunter2');
    });
  }
});

import { inspect } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import { ConfigParams, RedisLock, isLockError } from '../../../lib';
import { parseConfig } from '../../../lib/config/LockConfig';
import type { Configuration } from '../../../lib/config/given';

/** The values themselves cannot be printed: some throw when they are looked at. */
function report<T>({ failed, seed, counterexamplePath, errorInstance }: fc.RunDetails<T>): void {
  if (failed) throw new Error(`seed ${seed}, path ${counterexamplePath}`, { cause: errorInstance });
}
const RUNS = { seed: 20261130, numRuns: 300, endOnFailure: true } as const;
const SECRET = 'hunter2';
const DOCUMENTED = ['BAD_OPTION', 'BAD_CONNECTION'];

/** Everything that is said of a configuration: what it is refused with, or what it warns of. Fails on any other error. */
function saidOf(given: unknown): string {
  const before = Reflect.ownKeys(Object.prototype).length;
  const said: unknown[] = [];
  try {
    new RedisLock().configure(given as never);
    said.push(parseConfig(given as Configuration));
  } catch (error) {
    if (!isLockError(error) || !DOCUMENTED.includes(error.code)) {
      throw new Error('It was refused with an error of its own', { cause: error });
    }
    said.push(error, error.message, error.stack, String(error));
  }
  expect(Reflect.ownKeys(Object.prototype)).to.have.length(before);
  return said.map((each) => JSON.stringify(each) + inspect(each, { depth: 9, showHidden: true })).join('\n');
}

const NAMES = [
  ...['connections', 'connection', 'credentials', 'credential', 'options', 'host', 'ip', 'port', 'uri', 'url', 'db'],
  ...['protocol', 'tls', 'ssl', 'secure', 'use_tls', 'ca', 'cert', 'key', 'passphrase', 'servername', 'enabled'],
  ...['username', 'user', 'password', 'pass', 'sentinels', 'master_name', 'sentinel_username', 'sentinel_password'],
  ...[
    'discovery_key',
    'store_key',
    'retries',
    'retry_timeout',
    'retryCount',
    'drift_factor',
    'quorum',
    'ttl',
    'notify',
  ],
  ...['node_timeout', 'connect_timeout', 'key_prefix', 'restart_guard', 'release_on_close', '0', '1', 'a', 'a.b', ''],
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', 'put', 'get', 'append', 'length', 'then'],
  ...['connections.__proto__', 'connections.a.host', 'options.constructor', 'credential.__proto__.password', '.', '_a'],
];
const NUMBERS = [0, -0, -1, 1, 6379, 65536, 1e21, 2 ** 53, 2 ** 31, -Infinity, Infinity, NaN, 1.5, 10n ** 400n];
const TEXTS = [
  ...['', ' ', 'a', 'true', 'no', '1e400', '-1', '6379', '99999', '[object Object]', '[object Promise]', 'null', ','],
  ...[
    'redis://a',
    'rediss://a:1/2',
    'unix:///a?db=x',
    'redis://',
    'a:1',
    '[::1]:1',
    '\u0000',
    '\ud800',
    '💥',
    '%',
    '*',
  ],
];

const throws = (): never => {
  throw new Error(SECRET);
};

/** Stands for a value that cannot be looked at, until it is handed over. */
class Trap {
  constructor(readonly make: () => unknown) {}
}

/** The same with what its traps stand for. */
function made(value: unknown): unknown {
  if (value instanceof Trap) return value.make();
  if (Array.isArray(value)) return value.map(made);
  const isPlain = typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
  return isPlain ? withKeys(Object.entries(value).map(([key, inner]) => [key, made(inner)])) : value;
}

/** Objects that do not keep still when they are looked at, each made anew. */
const trap: fc.Arbitrary<unknown> = fc
  .constantFrom<() => unknown>(
    () => Object.defineProperty({}, 'host', { enumerable: true, get: throws }),
    () => ({ toString: throws }),
    () => ({ toString: null, valueOf: null, a: undefined }),
    () => Object.assign(Object.create(null) as object, { host: 'a' }),
    () => Object.create(null) as unknown,
    () => new Proxy({}, { ownKeys: throws, get: throws, getPrototypeOf: throws }),
    () => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return proxy;
    },
    () => {
      const cyclic: Record<string, unknown> = { host: 'a' };
      return (cyclic['self'] = cyclic);
    },
    () => Object.freeze({ host: 'a' }),
    () => new Date(NaN),
    () => new Map([['host', 'a']]),
    () => new Set(['redis://a']),
    () => /redis/,
    () => new ArrayBuffer(8),
    () => new Uint8Array([1, 2, 255]),
    () => new WeakMap(),
    () => Promise.resolve({ host: 'a' }),
    () => throws,
    () => class A {},
    () => Symbol(SECRET.slice(0, 3)),
    () => Symbol.iterator,
    () => new (class B extends ConfigParams {})({ host: 'a' }),
    () => new Error('x'),
    () => Object(Symbol('x')) as unknown,
    () => ({ href: 5 }),
    () => new URL('redis://a:1'),
    () => new Array<string>(5),
    () => nested(100),
    () => nested(20_000),
    () => doubled(18),
  )
  .map((make) => new Trap(make));

function nested(depth: number): unknown {
  let whole: unknown = 'a';
  for (let level = 0; level < depth; level++) whole = { a: whole };
  return whole;
}

/** As many leaves as there are ways to them, which nobody can list. */
function doubled(depth: number): unknown {
  let whole: unknown = { host: 'a' };
  for (let level = 0; level < depth; level++) whole = { a: whole, b: whole };
  return whole;
}

const leaf: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, undefined, true, false, ...NUMBERS, ...TEXTS),
  fc.string({ unit: 'binary', maxLength: 30 }),
  trap,
);

/** Own keys of any name, `__proto__` among them. */
function withKeys(entries: readonly (readonly [string, unknown])[]): object {
  const all: object = {};
  for (const [key, value] of entries) {
    Object.defineProperty(all, key, { value, enumerable: true, writable: true, configurable: true });
  }
  return all;
}

const { any } = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(fc.tuple(fc.constantFrom(...NAMES), tie('any')), { maxLength: 5 }).map(withKeys),
    fc.array(tie('any'), { maxLength: 3 }),
  ),
}));

/** Sections as they are meant, with what need not be right in them. */
const structured: fc.Arbitrary<unknown> = fc
  .tuple(
    fc.constantFrom('connections', 'connection', 'credentials', 'credential', 'options'),
    fc.constantFrom(...NAMES),
    fc.array(fc.tuple(fc.constantFrom(...NAMES), any), { maxLength: 4 }).map(withKeys),
    fc.boolean(),
  )
  .map(([section, name, settings, isNamed]) => ({
    connections: { x: { host: 'a' } },
    [section]: isNamed ? withKeys([[name, settings]]) : settings,
  }));

describe('Any configuration', () => {
  it('is taken, or refused with a documented code', () => {
    fc.assert(
      fc.property(fc.oneof(any, structured), (given) => void saidOf(made(given))),
      { ...RUNS, reporter: report },
    );
  });

  it('is kept whole, whatever its sections are called', () => {
    for (const name of NAMES.filter((each) => /^\w+$/.test(each))) {
      const named = (value: unknown): object => withKeys([[name, value]]);
      const given = { connections: named({ host: 'a' }), credentials: named({ password: 'p' }) };
      const { connections, credentials } = parseConfig(given);
      expect([connections.length, credentials.length], name).to.deep.equal([1, 1]);
      const flat = parseConfig(ConfigParams.fromValue(given));
      expect([flat.connections.length, flat.credentials.length], name).to.deep.equal([1, 1]);
      const provided = parseConfig({ host: 'a', credentials: named(async () => SECRET) });
      expect([...provided.providers.keys()], name).to.deep.equal([`credentials.${name}`]);
    }
    const message = parseConfig(withKeys([['__proto__', 'x']]) as Configuration).warnings.join();
    expect(message).to.include('__proto__ is not a known setting');
  });

  it('shows no password', () => {
    const odd = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.constantFrom(...TEXTS, '@', ':', '/', '#', '?'),
    );
    const secret = fc.tuple(odd, odd).map(([before, behind]) => `${before}@${SECRET}${behind}`);
    const place = fc.constantFrom<(text: string) => unknown>(
      (text) => `redis://u:${text}@a`,
      (text) => ({ host: 'a', password: text }),
      (text) => ({ connection: { pass: text, port: 'x' } }),
      (text) => ({ connection: { uri: `redis://:${text}@a:1` }, credential: { password: text } }),
      (text) => ({ connections: [`rediss://u:${text}@a`, text] }),
      (text) => ({ connections: `${text},redis://u:${text}@b` }),
      (text) => ({ connections: { a: { host: text, sentinel_password: text }, b: text } }),
      (text) => ({ connections: { a: { sentinels: `u:${text}@a:1`, master_name: 'm', sentinel_password: text } } }),
      (text) => ({ credentials: { a: { password: text }, b: text }, credential: text, host: 'a' }),
      (text) => ({ host: 'a', credential: { sentinel_password: text, store_key: 'k' } }),
      (text) => ({ host: 'a', tls: { passphrase: text, key: text, cert: text, ca: { a: text } } }),
      (text) => ConfigParams.fromTuples('connection.password', text, 'connection.host', 'a', 'options.ttl', 'x'),
      (text) => ({ url: `unix://u:${text}@/a`, password: { toString: () => text } }),
    );
    fc.assert(
      fc.property(secret, place, any, fc.constantFrom(...NAMES), (text, at, other, name) => {
        const given = at(text);
        expect(saidOf(given)).not.to.include(SECRET);
        if (typeof given !== 'object' || given instanceof ConfigParams) return;
        expect(saidOf({ ...withKeys([[name, made(other)]]), ...given })).not.to.include(SECRET);
      }),
      { ...RUNS, reporter: report },
    );
  });
});

import { expect } from 'chai';
import { RedisServer } from '../../support/RedisServer';
import { Refused, type Reply } from '../server/commands';
import { runScript } from '../server/runScript';
import { compile } from './compile';
import { Unsimulated } from './LuaTable';

const KEYS = ['k1', 'k2'];
const ARGS = ['x', '10', '2.5'];

/** A script, and what it answers. */
type Case = readonly [source: string, answer: Reply];

const CASES: Readonly<Record<string, readonly Case[]>> = {
  'any number of arguments': [
    ['local function all(...) return { ... } end return all(1, 2, 3)', [1, 2, 3]],
    ['local function all(...) return { ... } end return all()', []],
    ['local function after(first, ...) return { first, ... } end return after(1, 2, 3)', [1, 2, 3]],
    ["local function first(...) return (...) or 'none' end return { first(1, 2), first() }", [1, 'none']],
    ['local function two() return 1, 2 end return { two(), two() }', [1, 1, 2]],
    ['local function two() return 1, 2 end return { two(), 3 }', [1, 3]],
    ['local function count(...) return #{ ... } end return count(unpack(ARGV))', 3],
    ['local function two() return 1, 2 end local a, b, c = two() return { a, b, c == nil }', [1, 2, 1]],
    ['local function none() end local a = none() return a == nil', 1],
  ],
  pcall: [
    ["return { pcall(function(a) return a, 'b' end, 'a') }", [1, 'a', 'b']],
    ['local isDone = pcall(function() return nil + 1 end) return { isDone }', [null]],
    ['local isDone, why = pcall(function() return nil + 1 end) return type(why)', 'string'],
    ["local isDone, why = pcall(redis.call, 'refused') return { isDone, type(why) }", [null, 'string']],
    ["return type(redis.pcall('refused'))", 'table'],
    ["return type(redis.pcall('refused')['err'])", 'string'],
    ["return type(redis.pcall('get', {})['err'])", 'string'],
    ["local isDone, why = pcall(redis.call, 'get', nil) return { isDone, type(why) }", [null, 'string']],
  ],
  'locals of one name': [
    ["local a = 1 local a = a + 1 return { a, 'end' }", [2, 'end']],
    ['local a = 1 do local a = 2 end return a', 1],
    ['local a = 1 if true then local a = 2 a = 3 end return a', 1],
    ['local a = 1 local function get() return a end local a = 2 return { get(), a }', [1, 2]],
    ['local a = 1 local function raise() a = a + 1 end raise() raise() return a', 3],
    ["local type = function() return 'mine' end return type(1)", 'mine'],
    ['local function sum(n) if n == 0 then return 0 end return n + sum(n - 1) end return sum(4)', 10],
    ['local all = {} for i = 1, 3 do all[i] = function() return i end end return { all[1](), all[3]() }', [1, 3]],
  ],
  'and, or, not': [
    ['return { nil or 1, false or 2, 3 or 4, 0 and 5, nil and 6 == nil }', [1, 2, 3, 5]],
    ["return { '' and 1, 0 and 2 }", [1, 2]],
    ['return { not nil, not 0, not not 1 }', [1, null, 1]],
    ['local a = nil return { a and a.b, 1 }', []],
    [
      "local n = 0 local function f() n = n + 1 return n end local a = f() or f() return { a, n, false and 'x' or 'y' }",
      [1, 1, 'y'],
    ],
    ['return 1 == 1 and 2 ~= 3 and 1 < 2 and 2 <= 2 and 3 > 2 and 2 >= 2', 1],
    ["return { 1 == '1', '2' < '10', 'a' < 'b', 'B' < 'a' }", [null, null, 1, 1]],
    [
      "local nan = tonumber('nan') return { nan <= 1, nan >= 1, nan < 1, nan == nan, nan ~= nan }",
      [null, null, null, null, 1],
    ],
  ],
  'a numeric for': [
    ['local all = {} for i = 1, 3 do table.insert(all, i) end return all', [1, 2, 3]],
    ['local all = {} for i = 1, 6, 2 do table.insert(all, i) end return all', [1, 3, 5]],
    ['local all = {} for i = 3, 1, -1 do table.insert(all, i) end return all', [3, 2, 1]],
    ['local n = 0 for i = 3, 1 do n = n + 1 end return n', 0],
    ['local n = 0 for i = 1, 3 do i = i + 1 n = n + i end return n', 9],
    ['local n = 0 for i = 1, 3 do if i == 2 then break end n = n + i end return n', 1],
    ['local n = 0 for i = 1, 3 do for i = 1, 2 do n = n + i end end return n', 9],
    ["local n = 0 for i = '1', ARGV[2] do n = n + 1 end return n", 10],
  ],
  'a generic for': [
    ['local all = {} for i, key in ipairs(KEYS) do all[i] = key .. i end return all', ['k11', 'k22']],
    ['local n = 0 for i in ipairs(ARGV) do n = n + i end return n', 6],
    ['local n = 0 for _, one in ipairs({ 1, 2, nil, 4 }) do n = n + one end return n', 3],
    ['local n = 0 for _, one in ipairs({ 1, 2, 3 }) do if one == 2 then break end n = n + 1 end return n', 1],
    ['local t = { 1 } for i, one in ipairs(t) do if i < 4 then t[i + 1] = one * 2 end end return t', [1, 2, 4, 8]],
    ['local isDone = pcall(function() for _ in ipairs(nil) do end end) return isDone', null],
  ],
  'while and break': [
    ['local n = 0 while n < 3 do n = n + 1 end return n', 3],
    ['local n = 0 while true do n = n + 1 if n == 5 then break end end return n', 5],
    ['local n = 0 while true do while true do break end n = n + 1 if n > 1 then break end end return n', 2],
    ['while true do do return 7 end end', 7],
  ],
  tables: [
    ["local t = { 1, 2, name = 'n' } return { #t, t.name, t['name'], t[1], t[3] == nil }", [2, 'n', 'n', 1, 1]],
    ['local t = {} t[2] = 2 t[1] = 1 t[3] = 3 return { #t, unpack(t) }', [3, 1, 2, 3]],
    ['local t = { 1, 2, 3 } t[3] = nil return { #t, t[4] == nil }', [2, 1]],
    ['local t = { 1 } t[2] = nil t[0] = 5 t[1.5] = 6 return { #t, t[0], t[1.5], t[1] }', [1, 5, 6, 1]],
    ["local t = {} t.a = 1 t['b'] = 2 t.a = nil return { t.a == nil, t.b }", [1, 2]],
    ['return { 1, nil, 3 }', [1]],
    ["return { 1, false, 'a', true, { 2 }, 1.9, -1.9 }", [1, null, 'a', 1, [2], 1, -1]],
    ["return { ok = 'fine' }", { ok: 'fine' }],
    ["return { #'abc', #ARGV[2], ('x').y == nil }", [3, 2, 1]],
    ['local t = {} return { t == t, {} == {} }', [1, null]],
    ["local all = {} table.insert(all, 'a') table.insert(all, 'b') return all", ['a', 'b']],
  ],
  'numbers and strings': [
    ["return 1 .. ''", '1'],
    ["return 0.1 .. ''", '0.1'],
    ["return 1 / 3 .. ''", '0.33333333333333'],
    ["return 12345678901234 .. ''", '12345678901234'],
    ["return 1700000000000000 .. ''", '1.7e+15'],
    ["return 100000000000000 .. ''", '1e+14'],
    ["return 0.00001 .. ''", '1e-05'],
    ["return -2.50 .. '|' .. 1e3", '-2.5|1000'],
    ["return { '10' + 5, '0x10' + 0, ' 7 ' * 2, 7 - '2', '9' / 3 }", [15, 16, 14, 5, 3]],
    ["return { tonumber('12'), tonumber(' 1e2 '), tonumber('x') == nil, tonumber('') == nil }", [12, 100, 1, 1]],
    [
      "return { tonumber(false) == nil, tonumber('0b1') == nil, tonumber('1_0') == nil, tonumber('.5') * 2 }",
      [1, 1, 1, 1],
    ],
    ["return string.format('%.0f', 1700000000000000)", '1700000000000000'],
    ["return string.format('%.0f', '1e20')", '100000000000000000000'],
    ["return string.format('%.0f', 1e22)", '10000000000000000000000'],
    ["return { string.format('%.0f', 0.5), string.format('%.0f', 1.5), string.format('%.0f', 2.5) }", ['0', '2', '2']],
    [
      "return { string.format('%.0f', -0.5), string.format('%.0f', -1.5), string.format('%.0f', -2.4) }",
      ['-0', '-2', '-2'],
    ],
    ["return { string.find('a.c', '.', 1, true) }", [2, 2]],
    ["return string.find('abc', '.', 1, true) == nil", 1],
    ['return { math.max(1, 3, 2), math.max(-1), math.floor(-1.5), math.floor(2.9), math.abs(-3) }', [3, -1, -2, 2, 3]],
    ["return { math.max('4', 3), math.floor('2.5') }", [4, 2]],
    [
      'return { type(nil), type(1), type({}), type(type), type(true), type(KEYS[1]) }',
      ['nil', 'number', 'table', 'function', 'boolean', 'string'],
    ],
    ["return { -'2', - -3, 2 * 3 + 4, 2 * (3 + 4), 10 - 2 - 3 }", [-2, 3, 10, 14, 5]],
  ],
};

/** What ends a script by an error. */
const FAILING: readonly string[] = [
  'return nil + 1',
  "return 'x' + 1",
  "return 'x' .. nil",
  'return 1 < nil',
  "return 1 < '2'",
  'return {} < {}',
  'return #nil',
  'local a = nil return a.b',
  'return KEYS[9].a',
  'local f = nil return f()',
  'local a = nil a.b = 1',
  'local a = {} a[nil] = 1',
  'return math.max()',
  'return math.max(nil)',
  "return math.floor('x')",
  "return string.format('%.0f', nil)",
  'return tonumber()',
  'return type()',
  'return unpack(nil)',
  'table.insert(nil, 1)',
  "return string.find({}, 'a', 1, true)",
  'for i = 1, nil do end',
  'for _ in ipairs(nil) do end',
  "return redis.call('refused')",
  "return redis.call('get', {})",
  "return redis.call('get', nil)",
  'redis.a = 1',
  "return { err = 'ERR mine' }",
];

/** What Lua knows, and no script here needs. */
const UNSIMULATED: readonly string[] = [
  'a = 1',
  'return a',
  'function f() end',
  'local a, b = 1, 2 a, b = b, a',
  'repeat local a = 1 until true',
  'for key in pairs({}) do end',
  'return 5 % 3',
  'return 2 ^ 3',
  "return ('a'):len()",
  "return type 'a'",
  'return { (unpack(ARGV)) }',
  'return type((unpack(ARGV)))',
  'return { [1] = 2 }',
  'return [[a]]',
  "return 'a\\n'",
  'return ...',
  "return string.format('%d', 1)",
  "return string.find('a', 'a')",
  "return string.len('a')",
  "return ('a').len",
  "return tonumber('10', 2)",
  'return unpack({ 1, 2 }, 2)',
  'table.insert({}, 1, 2)',
  'return math.min(1, 2)',
  "return redis.sha1hex('a')",
  'return #{ 1, nil, 3 }',
  'return 0 / 0',
];

describe('the compiler of Lua scripts', () => {
  let server: RedisServer;

  before(async () => {
    server = await RedisServer.start();
  });

  after(() => server.stop());

  function simulated(source: string): Reply | Refused {
    return runScript(source, KEYS, ARGS, () => {
      throw new Refused('ERR refused');
    });
  }

  function real(source: string): Promise<unknown> {
    return server.command('EVAL', source, KEYS.length, ...KEYS, ...ARGS);
  }

  for (const [what, cases] of Object.entries(CASES)) {
    it(`gives ${what} the meaning that Redis gives`, async () => {
      for (const [source, answer] of cases) {
        expect(simulated(source), source).to.deep.equal(answer);
        expect(await real(source), `${source}, on Redis`).to.deep.equal(onWire(answer));
      }
    });
  }

  it('fails where Redis fails', async () => {
    for (const source of FAILING) {
      const answer = simulated(source);
      expect(answer, source).to.be.instanceOf(Refused);
      expect((answer as Refused).message, source).to.match(/^ERR /);
      const refusal = await real(source).catch((error: unknown) => error);
      expect(refusal, `${source}, on Redis`).to.be.instanceOf(Error);
      expect((refusal as Error).message, `${source}, on Redis`).to.match(/^ERR /);
    }
  });

  it('refuses what it does not simulate', () => {
    for (const source of UNSIMULATED) expect(() => simulated(source), source).to.throw(Unsimulated);
  });

  it('refuses what is no Lua', () => {
    expect(() => compile('return return')).to.throw();
  });

  it('compiles a script once', () => {
    expect(compile('return 1')).to.equal(compile('return 1'));
  });
});

/** As the real server's reply is read. */
function onWire(reply: Reply): unknown {
  return typeof reply === 'object' && reply !== null && 'ok' in reply ? reply.ok : reply;
}

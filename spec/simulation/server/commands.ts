import { Unsimulated } from '../lua/LuaTable';
import { general, parsed } from '../lua/numbers';
import { SortedSet, type Keyspace, type Value } from './Keyspace';

/** What a command answers: a status is an object with `ok`, as Lua sees it. */
export type Reply = null | number | string | { readonly ok: string } | readonly Reply[];

/** What a server answers with an error. */
export class Refused extends Error {}

/** What a command needs of its server. */
export interface Surroundings {
  readonly keyspace: Keyspace;
  /** By the server's clock; Redis counts expiries in whole ms of it. */
  readonly nowMs: () => number;
  /** @returns how many have heard it */
  readonly publish: (channel: string, message: string) => number;
}

type Run = (server: Surroundings, args: readonly string[]) => Reply;

export interface Command {
  /** Refused where the server takes no writes. */
  readonly isWrite: boolean;
  /** Refused where its memory is full. */
  readonly needsMemory: boolean;
  /** The least and the most arguments that it takes. */
  readonly takes: readonly [number, number];
  readonly run: Run;
}

const OK = { ok: 'OK' };
const WRONGTYPE = 'WRONGTYPE Operation against a key holding the wrong kind of value';
const NOT_AN_INTEGER = 'ERR value is not an integer or out of range';
const SYNTAX_ERROR = 'ERR syntax error';

/** As far as Redis counts. */
const MOST = 2n ** 63n - 1n;

function read(takes: Command['takes'], run: Run): Command {
  return { isWrite: false, needsMemory: false, takes, run };
}

function write(takes: Command['takes'], run: Run): Command {
  return { isWrite: true, needsMemory: false, takes, run };
}

function grow(takes: Command['takes'], run: Run): Command {
  return { isWrite: true, needsMemory: true, takes, run };
}

/** The commands that the scripts use, with the meaning that they have in Redis 7. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  exists: read([1, Infinity], ({ keyspace }, keys) => keys.filter((key) => keyspace.get(key) !== null).length),
  get: read([1, 1], ({ keyspace }, [key = '']) => stringAt(keyspace, key)),
  set: grow([2, Infinity], set),
  del: write([1, Infinity], ({ keyspace }, keys) => keys.filter((key) => keyspace.delete(key)).length),
  type: read([1, 1], ({ keyspace }, [key = '']) => ({ ok: typeOf(keyspace.get(key)?.value) })),
  pttl: read([1, 1], ({ keyspace, nowMs }, [key = '']) => {
    const entry = keyspace.get(key);
    if (entry === null) return -2;
    return entry.expiresMs === Infinity ? -1 : Math.floor(entry.expiresMs) - Math.floor(nowMs());
  }),
  pexpire: write([2, Infinity], ({ keyspace, nowMs }, [key = '', ms, ...flags]) => {
    if (flags.length > 0) throw new Unsimulated('flags of pexpire');
    const forMs = integer(ms, nowMs(), 'pexpire');
    const entry = keyspace.get(key);
    if (entry === null) return 0;
    if (forMs <= 0) keyspace.delete(key);
    else entry.expiresMs = Math.floor(nowMs()) + forMs;
    return 1;
  }),
  hgetall: read([1, 1], ({ keyspace }, [key = '']) => [...(hashAt(keyspace, key) ?? [])].flat()),
  hget: read([2, 2], ({ keyspace }, [key = '', field = '']) => hashAt(keyspace, key)?.get(field) ?? null),
  hmget: read([2, Infinity], ({ keyspace }, [key = '', ...fields]) => {
    const hash = hashAt(keyspace, key);
    return fields.map((field) => hash?.get(field) ?? null);
  }),
  hset: grow([3, Infinity], ({ keyspace }, [key = '', ...pairs]) => {
    if (pairs.length % 2 === 1) throw new Refused("ERR wrong number of arguments for 'hset' command");
    const hash = hashAt(keyspace, key) ?? new Map<string, string>();
    if (hash.size === 0) keyspace.set(key, hash);
    const before = hash.size;
    for (let at = 0; at < pairs.length; at += 2) hash.set(pairs[at] ?? '', pairs[at + 1] ?? '');
    return hash.size - before;
  }),
  time: read([0, 0], ({ nowMs }) => {
    const micros = Math.floor(nowMs() * 1000);
    return [String(Math.floor(micros / 1_000_000)), String(micros % 1_000_000)];
  }),
  zadd: grow([3, Infinity], zadd),
  zrank: read([2, 2], ({ keyspace }, [key = '', member = '']) => {
    const rank = sortedSetAt(keyspace, key)?.ranked().indexOf(member) ?? -1;
    return rank < 0 ? null : rank;
  }),
  zpopmin: write([1, 2], ({ keyspace }, [key = '', count]) => {
    if (count !== undefined) throw new Unsimulated('zpopmin of several');
    const set = sortedSetAt(keyspace, key);
    const [first] = set?.ranked() ?? [];
    if (set === null || first === undefined) return [];
    const score = set.scores.get(first) ?? 0;
    set.scores.delete(first);
    if (set.scores.size === 0) keyspace.delete(key);
    return [first, general(score, 17)];
  }),
  publish: read([2, 2], (server, [channel = '', message = '']) => server.publish(channel, message)),
};

function set({ keyspace, nowMs }: Surroundings, [key = '', value = '', ...flags]: readonly string[]): Reply {
  const given = new Map<string, string>();
  for (let at = 0; at < flags.length; at += 1) {
    const flag = flags[at]?.toLowerCase() ?? '';
    if (SET_ELSE.includes(flag)) throw new Unsimulated(`${flag} of set`);
    const isKnown = flag === 'nx' || flag === 'xx' || flag === 'px';
    const isWrong = flag === 'px' ? at + 1 === flags.length : given.has(flag === 'nx' ? 'xx' : 'nx');
    if (!isKnown || isWrong) throw new Refused(SYNTAX_ERROR);
    given.set(flag, flag === 'px' ? (flags[(at += 1)] ?? '') : '');
  }
  const ms = given.get('px');
  const forMs = ms === undefined ? Infinity : integer(ms, nowMs(), 'set');
  if (forMs <= 0) throw new Refused("ERR invalid expire time in 'set' command");
  const isThere = keyspace.get(key) !== null;
  if (given.has('nx') && isThere) return null;
  if (given.has('xx') && !isThere) return null;
  keyspace.set(key, value, Math.floor(nowMs()) + forMs);
  return OK;
}

/** What else `set` knows. */
const SET_ELSE = ['get', 'keepttl', 'ex', 'exat', 'pxat'];

function zadd({ keyspace }: Surroundings, [key = '', ...words]: readonly string[]): Reply {
  const first = words.findIndex((word) => !ZADD_FLAGS.includes(word.toLowerCase()));
  const flags = words.slice(0, first).map((flag) => flag.toLowerCase());
  const pairs = first < 0 ? [] : words.slice(first);
  if (flags.some((flag) => flag !== 'nx' && flag !== 'xx')) throw new Unsimulated(`${flags.join()} of zadd`);
  if (pairs.length === 0 || pairs.length % 2 === 1) throw new Refused(SYNTAX_ERROR);
  const [isNew, isOld] = [flags.includes('nx'), flags.includes('xx')];
  if (isNew && isOld) throw new Refused('ERR XX and NX options at the same time are not compatible');
  const scores = pairs.filter((_, at) => at % 2 === 0).map(float);
  const members = pairs.filter((_, at) => at % 2 === 1);
  const found = sortedSetAt(keyspace, key);
  if (found === null && isOld) return 0;
  const set = found ?? new SortedSet();
  if (found === null) keyspace.set(key, set);
  const before = set.scores.size;
  for (const [at, member] of members.entries()) {
    const isThere = set.scores.has(member);
    if (isThere ? !isNew : !isOld) set.scores.set(member, scores[at] ?? 0);
  }
  return set.scores.size - before;
}

const ZADD_FLAGS = ['nx', 'xx', 'gt', 'lt', 'ch', 'incr'];

/** An integer, for a time that is to come. */
function integer(text: string | undefined, nowMs: number, name: string): number {
  if (text === undefined || !/^(0|-?[1-9]\d*)$/.test(text)) throw new Refused(NOT_AN_INTEGER);
  const exact = BigInt(text);
  if (exact > MOST || exact < -MOST - 1n) throw new Refused(NOT_AN_INTEGER);
  if (exact > MOST - BigInt(Math.floor(nowMs))) throw new Refused(`ERR invalid expire time in '${name}' command`);
  return Number(text);
}

function float(text: string): number {
  const value = /^\s|\s$/.test(text) ? undefined : parsed(text);
  if (value === undefined || Number.isNaN(value)) throw new Refused('ERR value is not a valid float');
  // A zero has no sign there.
  return value + 0;
}

function typeOf(value: Value | undefined): string {
  if (value === undefined) return 'none';
  if (typeof value === 'string') return 'string';
  return value instanceof Map ? 'hash' : 'zset';
}

function stringAt(keyspace: Keyspace, key: string): string | null {
  const value = keyspace.get(key)?.value ?? null;
  if (value !== null && typeof value !== 'string') throw new Refused(WRONGTYPE);
  return value;
}

function hashAt(keyspace: Keyspace, key: string): Map<string, string> | null {
  const value = keyspace.get(key)?.value ?? null;
  if (value !== null && !(value instanceof Map)) throw new Refused(WRONGTYPE);
  return value;
}

function sortedSetAt(keyspace: Keyspace, key: string): SortedSet | null {
  const value = keyspace.get(key)?.value ?? null;
  if (value !== null && !(value instanceof SortedSet)) throw new Refused(WRONGTYPE);
  return value;
}

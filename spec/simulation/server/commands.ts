import { SortedSet, type Keyspace, type Value } from './Keyspace';

/** What a command answers: a status is an object with `ok`, as Lua sees it. */
export type Reply = null | number | string | { readonly ok: string } | readonly Reply[];

/** What a server answers with an error. */
export class Refused extends Error {}

/** What a command needs of its server. */
export interface Surroundings {
  readonly keyspace: Keyspace;
  /** By the server's clock. */
  nowMs(): number;
  /** @returns how many have heard it */
  publish(channel: string, message: string): number;
}

export interface Command {
  /** Refused where the server takes no writes. */
  readonly isWrite: boolean;
  /** Refused where its memory is full. */
  readonly needsMemory: boolean;
  run(server: Surroundings, args: readonly string[]): Reply;
}

const OK = { ok: 'OK' };
const WRONGTYPE = 'WRONGTYPE Operation against a key holding the wrong kind of value';
const NOT_AN_INTEGER = 'ERR value is not an integer or out of range';

function read(run: Command['run']): Command {
  return { isWrite: false, needsMemory: false, run };
}

function write(run: Command['run']): Command {
  return { isWrite: true, needsMemory: false, run };
}

function grow(run: Command['run']): Command {
  return { isWrite: true, needsMemory: true, run };
}

/** The commands that the scripts use, with the meaning that they have in Redis 7. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  exists: read(({ keyspace }, keys) => keys.filter((key) => keyspace.get(key) !== null).length),
  get: read(({ keyspace }, [key = '']) => stringAt(keyspace, key)),
  set: grow(set),
  del: write(({ keyspace }, keys) => keys.filter((key) => keyspace.delete(key)).length),
  type: read(({ keyspace }, [key = '']) => ({ ok: typeOf(keyspace.get(key)?.value) })),
  pttl: read(({ keyspace, nowMs }, [key = '']) => {
    const entry = keyspace.get(key);
    if (entry === null) return -2;
    return entry.expiresMs === Infinity ? -1 : Math.floor(entry.expiresMs - nowMs());
  }),
  pexpire: write(({ keyspace, nowMs }, [key = '', ms]) => {
    const entry = keyspace.get(key);
    const forMs = integer(ms);
    if (entry === null) return 0;
    if (forMs <= 0) keyspace.delete(key);
    else entry.expiresMs = nowMs() + forMs;
    return 1;
  }),
  hgetall: read(({ keyspace }, [key = '']) => [...(hashAt(keyspace, key) ?? [])].flat()),
  hget: read(({ keyspace }, [key = '', field = '']) => hashAt(keyspace, key)?.get(field) ?? null),
  hmget: read(({ keyspace }, [key = '', ...fields]) => {
    const hash = hashAt(keyspace, key);
    return fields.map((field) => hash?.get(field) ?? null);
  }),
  hset: grow(({ keyspace }, [key = '', ...pairs]) => {
    if (pairs.length === 0 || pairs.length % 2 === 1) {
      throw new Refused("ERR wrong number of arguments for 'hset' command");
    }
    const hash = hashAt(keyspace, key) ?? new Map<string, string>();
    if (hash.size === 0) keyspace.set(key, hash);
    const before = hash.size;
    for (let at = 0; at < pairs.length; at += 2) hash.set(pairs[at] ?? '', pairs[at + 1] ?? '');
    return hash.size - before;
  }),
  time: read(({ nowMs }) => {
    const micros = Math.floor(nowMs() * 1000);
    return [String(Math.floor(micros / 1_000_000)), String(micros % 1_000_000)];
  }),
  zadd: grow(({ keyspace }, [key = '', flag, score, member = '']) => {
    if (flag?.toLowerCase() !== 'nx') throw new Refused('ERR syntax error');
    const set = sortedSetAt(keyspace, key) ?? new SortedSet();
    if (set.scores.size === 0) keyspace.set(key, set);
    if (set.scores.has(member)) return 0;
    set.scores.set(member, Number(score));
    return 1;
  }),
  zrank: read(({ keyspace }, [key = '', member = '']) => {
    const rank = sortedSetAt(keyspace, key)?.ranked().indexOf(member) ?? -1;
    return rank < 0 ? null : rank;
  }),
  zpopmin: write(({ keyspace }, [key = '']) => {
    const set = sortedSetAt(keyspace, key);
    const [first] = set?.ranked() ?? [];
    if (set === null || first === undefined) return [];
    const score = set.scores.get(first);
    set.scores.delete(first);
    if (set.scores.size === 0) keyspace.delete(key);
    return [first, String(score)];
  }),
  publish: read((server, [channel = '', message = '']) => server.publish(channel, message)),
};

function set({ keyspace, nowMs }: Surroundings, [key = '', value = '', ...flags]: readonly string[]): Reply {
  const words = flags.map((flag) => flag.toUpperCase());
  const at = words.indexOf('PX');
  const forMs = at < 0 ? Infinity : integer(flags[at + 1]);
  if (forMs <= 0) throw new Refused("ERR invalid expire time in 'set' command");
  const isThere = keyspace.get(key) !== null;
  if (words.includes('NX') && isThere) return null;
  if (words.includes('XX') && !isThere) return null;
  keyspace.set(key, value, nowMs() + forMs);
  return OK;
}

function integer(text: string | undefined): number {
  if (text === undefined || !/^-?\d+$/.test(text)) throw new Refused(NOT_AN_INTEGER);
  return Number(text);
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

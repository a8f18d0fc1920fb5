import { BadRequestException, ConfigException } from 'pip-services4-commons-node';
import type { LockOptions } from '../config/LockOptions';
import { traceIdOf, type ContextLike } from '../contract/Context';
import { ErrorCode } from '../contract/ErrorCode';
import type { HandedOver } from '../lease/HandedOver';
import { MARKER } from '../master/marker';
import { LONGEST_TIMER_MS } from '../wait/Sleeper';
import type { AdoptOptions, CloseOptions, LeaseOptions, TryLeaseOptions } from './LeaseOptions';

const LONGEST_KEY_BYTES = 64 * 1024;
/** One call is one command for each master: a longer one would hold up all others. */
const MOST_KEYS = 1000;
const MOST_BYTES = 1024 * 1024;
const SHORTEST_TTL_MS = 10;

/** In UTF-8 every lone surrogate becomes the same character, so that different keys would be one. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/** What the library itself writes on the masters. */
const WAITING_NAMES = 'redlock:waiting:';
const RIGHTS_NAMES = 'redlock:rights:';

type KeyedCall = 'tryAcquireLock' | 'acquireLock' | 'releaseLock';
type LeaseCall = 'tryAcquireLease' | 'acquireLease' | 'withLock';

/** @throws BadRequestException BAD_KEY */
export function checkKey(context: ContextLike, key: string, call: KeyedCall, ttl?: unknown): void {
  if (typeof key !== 'string' || Array.isArray(context)) throw badOrder(context, key, call, ttl);
  keyBytes(context, key);
}

/** @throws BadRequestException BAD_KEY where the keys are missing, or stand in the place of the context */
export function checkOrder(context: ContextLike, keys: unknown, call: LeaseCall, ttl: unknown): void {
  const isKeys = typeof keys === 'string' || Array.isArray(keys);
  if (!isKeys || Array.isArray(context)) throw badOrder(context, keys, call, ttl);
}

/** `redlock` takes the keys first and the ttl second: whoever comes from there is told the line to write. */
function badOrder(context: unknown, key: unknown, call: KeyedCall | LeaseCall, ttl: unknown): BadRequestException {
  const shown = Array.isArray(context) ? 'a list stands in the place of the context' : `the key is ${textOf(key)}`;
  const message = `The first argument is the context, the second the key, and ${shown.slice(0, 80)}`;
  const line = lineToWrite(context, key, call, ttl);
  return new BadRequestException(traceIdOf(context as ContextLike), ErrorCode.BAD_KEY, `${message}: write ${line}`);
}

function lineToWrite(context: unknown, key: unknown, call: KeyedCall | LeaseCall, ttl: unknown): string {
  const isByKey = call.endsWith('Lock') && call !== 'withLock';
  const end = call === 'withLock' ? ', work)' : ')';
  const general = `${call}(null, ${isByKey ? 'key' : 'keys'}${call === 'releaseLock' ? '' : ', ttl'}${end}`;
  const isLeftOut = typeof key === 'number' || (call === 'releaseLock' && key === undefined);
  const keys = isLeftOut ? [context].flat() : Array.isArray(key) ? (key as readonly unknown[]) : [];
  if (keys.length === 0 || !keys.every((one) => typeof one === 'string')) return general;
  const time = isLeftOut ? key : ttl;
  const times = typeof time === 'number' ? `, ${time}` : '';
  // The methods by key take one key.
  const [name, named] = isByKey && keys.length === 1 ? [call, keys[0]] : [isByKey ? 'acquireLease' : call, keys];
  const line = `${name}(null, ${JSON.stringify(named)}${times}${end}`;
  return line.length > 100 ? general : line;
}

/** @returns the length of a valid key */
function keyBytes(context: ContextLike, key: string): number {
  if (typeof key !== 'string' || key === '') {
    throw bad(context, ErrorCode.BAD_KEY, 'key', key, 'a string that is not empty');
  }
  const bytes = Buffer.byteLength(key);
  if (bytes > LONGEST_KEY_BYTES) {
    throw bad(context, ErrorCode.BAD_KEY, 'key', `${bytes} bytes`, `at most ${LONGEST_KEY_BYTES} bytes long`);
  }
  if (LONE_SURROGATE.test(key)) {
    throw bad(context, ErrorCode.BAD_KEY, 'key', JSON.stringify(key).slice(0, 80), 'text without lone surrogates');
  }
  return bytes;
}

/**
 * One key, or several that are held together.
 *
 * @throws BadRequestException BAD_KEY also when there is none, one of them stands there twice, or they are too many
 */
export function checkKeys(context: ContextLike, keys: string | readonly string[]): readonly string[] {
  if (typeof keys === 'string') {
    keyBytes(context, keys);
    return [keys];
  }
  if (!Array.isArray(keys) || keys.length === 0) {
    throw bad(context, ErrorCode.BAD_KEY, 'key', textOf(keys), 'a string, or a list of at least one');
  }
  const all = keys as readonly string[];
  if (all.length > MOST_KEYS) {
    throw bad(context, ErrorCode.BAD_KEY, 'list of keys', `of ${all.length}`, `of at most ${MOST_KEYS} keys`);
  }
  const seen = new Set<string>();
  let bytes = 0;
  for (const key of all) {
    bytes += keyBytes(context, key);
    if (seen.has(key)) throw bad(context, ErrorCode.BAD_KEY, 'key', key, 'named once, and is named twice');
    seen.add(key);
  }
  if (bytes > MOST_BYTES) {
    throw bad(context, ErrorCode.BAD_KEY, 'list of keys', `of ${bytes} bytes`, `of at most ${MOST_BYTES} bytes`);
  }
  return all;
}

/**
 * No lock stands under a name that the library uses itself: it would be a master's marker, or somebody's line.
 *
 * @throws BadRequestException BAD_KEY
 */
export function checkNames(context: ContextLike, keys: readonly string[], { keyPrefix }: LockOptions): void {
  for (const key of keys) {
    const name = keyPrefix + key;
    if (!name.startsWith('redlock:') && !key.startsWith(RIGHTS_NAMES)) continue;
    if (name === MARKER || name.startsWith(WAITING_NAMES) || key.startsWith(RIGHTS_NAMES)) {
      throw bad(context, ErrorCode.BAD_KEY, 'key', name, 'no name of the library, with options.key_prefix before it');
    }
  }
}

/** @throws BadRequestException BAD_TTL */
export function checkTtl(context: ContextLike, ttlMs: number): void {
  checkMs(context, ErrorCode.BAD_TTL, 'ttl', ttlMs, SHORTEST_TTL_MS);
}

const ADOPT_OPTIONS = ['autoRenew', 'maxHold'];
const TRY_OPTIONS = [...ADOPT_OPTIONS, 'fencing'];
const WAIT_OPTIONS = [...TRY_OPTIONS, 'timeout', 'signal'];

/**
 * What types cannot hold off in plain JavaScript: an option that is misspelled would be ignored in silence. Null stands
 * for an option that is left out.
 *
 * @throws ConfigException BAD_OPTION
 * @throws BadRequestException BAD_TTL, BAD_TIMEOUT
 */
export function checkTryOptions(context: ContextLike, options: TryLeaseOptions, known = TRY_OPTIONS): void {
  if (typeof options !== 'object') throw badOption(context, `are ${textOf(options)}, no object`);
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw badOption(context, `have no ${name}; they take ${known.join(', ')}`);
  }
  const { autoRenew, fencing, maxHold } = options;
  for (const [name, flag] of [['autoRenew', autoRenew] as const, ['fencing', fencing] as const]) {
    if (isGiven(flag) && typeof flag !== 'boolean') throw badOption(context, `take true or false for ${name}`);
  }
  if (isGiven(maxHold)) checkMs(context, ErrorCode.BAD_TTL, 'maxHold', maxHold, SHORTEST_TTL_MS);
}

/** {@link checkTryOptions}, for whoever waits. */
export function checkLeaseOptions(context: ContextLike, options: LeaseOptions): void {
  checkTryOptions(context, options, WAIT_OPTIONS);
  const { timeout, signal } = options;
  if (isGiven(timeout)) checkMs(context, ErrorCode.BAD_TIMEOUT, 'timeout', timeout, 0);
  if (isGiven(signal) && !isAbortSignal(signal)) throw badOption(context, 'take an AbortSignal as signal');
}

const NOT_TO_ADOPT: Partial<Record<string, string>> = {
  fencing: 'an adopted lease keeps its fencing token, so write { fencing: true } where it is acquired',
  timeout: 'an adoption is one attempt, so write adoptLease(context, handedOver, { autoRenew: true })',
  signal: 'an adoption is one attempt, so write signal.throwIfAborted() before it',
};

/** {@link checkTryOptions}, for whoever takes a lock over. */
export function checkAdoptOptions(context: ContextLike, options: AdoptOptions): void {
  for (const name of Object.keys(options)) {
    const advice = NOT_TO_ADOPT[name];
    if (advice !== undefined) throw badOption(context, `that is adopted have no ${name}: ${advice}`);
  }
  checkTryOptions(context, options, ADOPT_OPTIONS);
}

/** @throws ConfigException BAD_OPTION, BadRequestException BAD_TIMEOUT */
export function checkCloseOptions(context: ContextLike, options: CloseOptions): void {
  const isObject = typeof options === 'object';
  for (const name of isObject ? Object.keys(options) : [String(options)]) {
    if (isObject && name === 'drain') continue;
    const message = `The options of close() are { drain } in ms, and have no ${name}`;
    throw new ConfigException(traceIdOf(context), ErrorCode.BAD_OPTION, message);
  }
  if (isGiven(options.drain)) checkMs(context, ErrorCode.BAD_TIMEOUT, 'drain', options.drain, 0);
}

/** @throws BadRequestException BAD_KEY, BAD_TTL */
export function checkHandedOver(context: ContextLike, handedOver: HandedOver): void {
  const given = handedOver as Partial<HandedOver> | null | undefined;
  const { token, formerTokens, longestTtl } = given ?? {};
  if (typeof token !== 'string' || token === '' || !Array.isArray(formerTokens) || !Number.isInteger(longestTtl)) {
    throw bad(context, ErrorCode.BAD_KEY, 'lock to adopt', typeof handedOver, 'what handOver() has returned');
  }
  checkKeys(context, handedOver.keys);
  checkTtl(context, handedOver.ttl);
}

/** @throws ConfigException BAD_OPTION where the work is missing, or the arguments stand in another order */
export function checkWork(context: ContextLike, work: unknown): void {
  if (typeof work === 'function') return;
  const message = 'withLock takes a function as its last argument: withLock(context, keys, ttl, options, work)';
  throw new ConfigException(traceIdOf(context), ErrorCode.BAD_OPTION, message);
}

function isGiven<T>(value: T): value is NonNullable<T> {
  return value !== undefined && value !== null;
}

/** One of another realm is no instance of the class here. */
function isAbortSignal(value: unknown): boolean {
  const { aborted, addEventListener, throwIfAborted } = value as Partial<AbortSignal>;
  return typeof aborted === 'boolean' && [addEventListener, throwIfAborted].every((one) => typeof one === 'function');
}

function badOption(context: ContextLike, what: string): ConfigException {
  return new ConfigException(traceIdOf(context), ErrorCode.BAD_OPTION, `The options of a lease ${what}`);
}

/** @throws ConfigException BAD_OPTION where the masters are not watched for a loss of memory */
export function checkFencing(context: ContextLike, { restartGuardMs }: LockOptions): void {
  if (restartGuardMs > 0) return;
  const message = 'Fencing tokens need options.restart_guard, and it is 0';
  throw new ConfigException(traceIdOf(context), ErrorCode.BAD_OPTION, message);
}

function checkMs(context: ContextLike, code: ErrorCode, name: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least && value <= LONGEST_TIMER_MS) return;
  throw bad(context, code, name, value, `a whole number of ms from ${least} to ${LONGEST_TIMER_MS}`);
}

function bad(context: ContextLike, code: ErrorCode, name: string, value: unknown, expected: string) {
  const shown = typeof value === 'string' && code !== ErrorCode.BAD_KEY ? JSON.stringify(value) : textOf(value);
  return new BadRequestException(
    traceIdOf(context),
    code,
    `The ${name} must be ${expected}, and is ${shown === '' ? 'empty' : shown}`,
  ).withDetails(name, shown);
}

/** Not every value has a text, and making one may throw. */
function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return `of type ${typeof value}, without a text`;
  }
}

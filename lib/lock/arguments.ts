import { BadRequestException, ConfigException } from 'pip-services4-commons-node';
import type { LockOptions } from '../config/LockOptions';
import { traceIdOf, type ContextLike } from '../contract/Context';
import { ErrorCode } from '../contract/ErrorCode';
import { LONGEST_TIMER_MS } from '../wait/Sleeper';
import type { LeaseOptions, TryLeaseOptions } from './LeaseOptions';

const LONGEST_KEY_BYTES = 64 * 1024;
const SHORTEST_TTL_MS = 10;

/** @throws BadRequestException BAD_KEY */
export function checkKey(context: ContextLike, key: string): void {
  if (typeof key !== 'string' || key === '') {
    throw bad(
      context,
      ErrorCode.BAD_KEY,
      'key',
      key,
      'a string that is not empty (the first argument is the context, the second the key)',
    );
  }
  const bytes = Buffer.byteLength(key);
  if (bytes > LONGEST_KEY_BYTES) {
    throw bad(context, ErrorCode.BAD_KEY, 'key', `${bytes} bytes`, `at most ${LONGEST_KEY_BYTES} bytes long`);
  }
}

/**
 * One key, or several that are held together.
 *
 * @throws BadRequestException BAD_KEY also when there is none, or one of them stands there twice
 */
export function checkKeys(context: ContextLike, keys: string | readonly string[]): readonly string[] {
  const all = typeof keys === 'string' ? [keys] : keys;
  if (!Array.isArray(all) || all.length === 0) {
    throw bad(context, ErrorCode.BAD_KEY, 'key', String(keys), 'a string, or a list of at least one');
  }
  for (const key of all as readonly string[]) checkKey(context, key);
  const twice = all.find((key, index) => all.indexOf(key) !== index) as string | undefined;
  if (twice !== undefined) throw bad(context, ErrorCode.BAD_KEY, 'key', twice, 'named once, and is named twice');
  return all as readonly string[];
}

/** @throws BadRequestException BAD_TTL */
export function checkTtl(context: ContextLike, ttlMs: number): void {
  checkMs(context, ErrorCode.BAD_TTL, 'ttl', ttlMs, SHORTEST_TTL_MS);
}

const TRY_OPTIONS = ['autoRenew', 'maxHold', 'fencing'];
const WAIT_OPTIONS = [...TRY_OPTIONS, 'timeout', 'signal'];

/**
 * What types cannot hold off in plain JavaScript: an option that is misspelled would be ignored in silence.
 *
 * @throws ConfigException BAD_OPTION
 * @throws BadRequestException BAD_TTL, BAD_TIMEOUT
 */
export function checkTryOptions(context: ContextLike, options: TryLeaseOptions, known = TRY_OPTIONS): void {
  if (typeof options !== 'object' || options === null) throw badOption(context, `are ${String(options)}, no object`);
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw badOption(context, `have no ${name}; they take ${known.join(', ')}`);
  }
  const { autoRenew, fencing, maxHold } = options;
  for (const [name, flag] of [['autoRenew', autoRenew] as const, ['fencing', fencing] as const]) {
    if (flag !== undefined && typeof flag !== 'boolean') throw badOption(context, `take true or false for ${name}`);
  }
  if (maxHold !== undefined) checkMs(context, ErrorCode.BAD_TTL, 'maxHold', maxHold, SHORTEST_TTL_MS);
}

/** {@link checkTryOptions}, for whoever waits. */
export function checkLeaseOptions(context: ContextLike, options: LeaseOptions): void {
  checkTryOptions(context, options, WAIT_OPTIONS);
  const { timeout, signal } = options;
  // Code that was written for `ILock` may hand over null for none.
  if (timeout !== undefined && timeout !== null) checkMs(context, ErrorCode.BAD_TIMEOUT, 'timeout', timeout, 0);
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw badOption(context, 'take an AbortSignal as signal');
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
  const shown = typeof value === 'string' && name !== 'key' ? JSON.stringify(value) : String(value);
  return new BadRequestException(
    traceIdOf(context),
    code,
    `The ${name} must be ${expected}, and is ${shown === '' ? 'empty' : shown}`,
  ).withDetails(name, shown);
}

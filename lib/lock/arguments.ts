import { BadRequestException, ConfigException } from 'pip-services4-commons-node';
import type { LockOptions } from '../config/LockOptions';
import { traceIdOf, type ContextLike } from '../contract/Context';
import { ErrorCode } from '../contract/ErrorCode';

const LONGEST_KEY_BYTES = 64 * 1024;
const SHORTEST_TTL_MS = 10;
/** A longer timer of Node's fires at once. */
const LONGEST_MS = 2_147_483_647;

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
  if (twice !== undefined) throw bad(context, ErrorCode.BAD_KEY, 'key', twice, 'named once only');
  return all as readonly string[];
}

/** @throws BadRequestException BAD_TTL */
export function checkTtl(context: ContextLike, ttlMs: number): void {
  checkMs(context, ErrorCode.BAD_TTL, 'ttl', ttlMs, SHORTEST_TTL_MS);
}

/** @throws BadRequestException BAD_TIMEOUT */
export function checkTimeout(context: ContextLike, timeoutMs: number): void {
  checkMs(context, ErrorCode.BAD_TIMEOUT, 'timeout', timeoutMs, 0);
}

/** @throws ConfigException BAD_OPTION where the masters are not watched for a loss of memory */
export function checkFencing(context: ContextLike, { restartGuardMs }: LockOptions): void {
  if (restartGuardMs > 0) return;
  const message = 'Fencing tokens need options.restart_guard, and it is 0';
  throw new ConfigException(traceIdOf(context), ErrorCode.BAD_OPTION, message);
}

function checkMs(context: ContextLike, code: ErrorCode, name: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least && value <= LONGEST_MS) return;
  throw bad(context, code, name, value, `a whole number of ms from ${least} to ${LONGEST_MS}`);
}

function bad(context: ContextLike, code: ErrorCode, name: string, value: unknown, expected: string) {
  const shown = typeof value === 'string' && name !== 'key' ? JSON.stringify(value) : String(value);
  return new BadRequestException(
    traceIdOf(context),
    code,
    `The ${name} must be ${expected}, and is ${shown === '' ? 'empty' : shown}`,
  ).withDetails(name, shown);
}

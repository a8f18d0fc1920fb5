import { isUint8Array } from 'node:util/types';
import { ConfigException } from 'pip-services4-commons-node';
import { ErrorCode } from './ErrorCode';
import { isLockError } from './isLockError';

/** Far more than there are settings of a thousand masters. */
const MOST_PARTS = 50_000;
/** Far deeper than any setting stands. */
const MOST_LEVELS = 20;

const IS_PASSWORD = /(?:^|\.)pass(?:word)?$/;

/**
 * Takes a configuration apart into values under dotted keys. `RecursiveObjectReader` of Pip.Services does this too, but
 * leaves out keys that begin with an underscore, and whole objects without a prototype: a section named `_a` would be lost
 * without a word, and with it a master.
 *
 * @param path - where the value stands, for messages
 * @throws ConfigException BAD_OPTION or BAD_CONNECTION for a value that has no text, naming its key
 */
export function settingsIn(value: unknown, path = ''): Record<string, unknown> {
  const flat: [string, unknown][] = [];
  let parts = 0;
  const flatten = (value: unknown, key: string, above: readonly unknown[]): void => {
    // What is shared by its parts has as many of them as there are ways to it.
    if (above.length > MOST_LEVELS) throw refusal(path, 'is too deep', `at most ${MOST_LEVELS} levels are needed`);
    if ((parts += 1) > MOST_PARTS) throw refusal(path, 'is too large', `at most ${MOST_PARTS} settings are needed`);
    const settled = settingOf(value, [path, key].filter((part) => part !== '').join('.'));
    const isNested = typeof settled === 'object' && settled !== null && Object.keys(settled).length > 0;
    if (!isNested) {
      if (key !== '') flat.push([key, settled]);
      return;
    }
    if (above.includes(settled)) return;
    for (const [name, inner] of Object.entries(settled)) {
      flatten(inner, key === '' ? name : `${key}.${name}`, [...above, settled]);
    }
  };
  lookingAt(path, () => flatten(value, '', []));
  // A setting may be called `__proto__`.
  return Object.fromEntries(flat);
}

/**
 * Looks at what a caller has handed over, which may throw whatever it likes: a getter, a proxy, a text that is made when
 * it is asked for. That may quote a secret, and is not shown.
 *
 * @throws ConfigException BAD_OPTION or BAD_CONNECTION where it cannot be looked at
 */
export function lookingAt<T>(path: string, look: () => T): T {
  try {
    return look();
  } catch (error) {
    throw isLockError(error) ? error : refusal(path, 'cannot be read', 'a value is needed');
  }
}

/**
 * @returns the value; a file that was read is text, and no list of bytes.
 * @throws ConfigException BAD_OPTION or BAD_CONNECTION for what would become its source text, or `[object Promise]`
 */
export function settingOf(value: unknown, key: string): unknown {
  if (typeof value === 'function') {
    const instead = IS_PASSWORD.test(key) ? '; a plain object may have a function as credential.password' : '';
    throw refusal(key, 'is a function', `a value is needed${instead}`);
  }
  if (isPromise(value)) throw refusal(key, 'is a Promise', 'a value is needed, so await it first');
  if (isRedisClient(value)) {
    throw refusal(key, 'is a Redis client', "the lock makes its own connections, so write 'redis://host:port'");
  }
  return isUint8Array(value) ? Buffer.from(value).toString() : value;
}

function isPromise(value: unknown): boolean {
  return typeof (value as { readonly then?: unknown } | null | undefined)?.then === 'function';
}

/** A client of ioredis or node-redis; the lock needs connections of its own, with a deadline for each command. */
function isRedisClient(value: unknown): boolean {
  const { sendCommand, duplicate } = (value ?? {}) as { readonly sendCommand?: unknown; readonly duplicate?: unknown };
  return typeof value === 'object' && [sendCommand, duplicate].some((method) => typeof method === 'function');
}

function refusal(key: string, problem: string, remedy: string): ConfigException {
  const code = key === '' || /^options(?:\.|$)/.test(key) ? ErrorCode.BAD_OPTION : ErrorCode.BAD_CONNECTION;
  const subject = key === '' ? 'The configuration' : key;
  const exception = new ConfigException(undefined, code, `${subject} ${problem}: ${remedy}`);
  exception.withDetails('key', key);
  return exception;
}

import { isUint8Array } from 'node:util/types';
import { ConfigException } from 'pip-services4-commons-node';
import { ErrorCode } from './ErrorCode';

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
  const flat: Record<string, unknown> = {};
  flatten(value, '', path, [], flat);
  return flat;
}

function flatten(value: unknown, key: string, path: string, above: readonly unknown[], flat: object): void {
  const settled = settingOf(value, [path, key].filter((part) => part !== '').join('.'));
  const isNested = typeof settled === 'object' && settled !== null && Object.keys(settled).length > 0;
  if (!isNested) {
    if (key !== '') Object.assign(flat, { [key]: settled });
    return;
  }
  if (above.includes(settled)) return;
  for (const [name, inner] of Object.entries(settled)) {
    flatten(inner, key === '' ? name : `${key}.${name}`, path, [...above, settled], flat);
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

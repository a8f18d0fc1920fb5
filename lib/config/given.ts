import type { ConfigSource } from '../contract/ConfigParams';
import { ErrorCode } from '../contract/ErrorCode';
import { HAS_SCHEME } from './redisUri';
import { refuseWhole } from './refusals';

/** What a lock is configured with: parameters or a plain object, or its connections alone. Loosely, as it is read. */
export type Configuration = ConfigSource | string | URL | readonly (string | URL | ConfigSource)[];

/** What to write, for messages. */
const EXAMPLE = "{ connections: ['redis://host:port'] }";

/**
 * @returns the settings in what a lock was handed; uris, and lists of uris or sections, are its connections.
 * @throws ConfigException BAD_OPTION or BAD_CONNECTION for what is no configuration, with a line to write. No message
 *   shows a text: it may be a password.
 */
export function settingsOf(given: Configuration): ConfigSource {
  if (typeof given === 'string') {
    if (HAS_SCHEME.test(given.trim())) return { connections: given };
    throw refuseWhole(ErrorCode.BAD_CONNECTION, `is a text without a scheme: write 'redis://host:port'`);
  }
  if (Array.isArray(given)) return { connections: given };
  // A URL of whatever realm.
  const { href } = (given ?? {}) as { readonly href?: unknown };
  if (typeof href === 'string') return { connections: [href] };
  // Types do not hold off what plain JavaScript hands over.
  const value: unknown = given;
  if (typeof value === 'function' || (typeof value === 'object' && value !== null)) return given as ConfigSource;
  throw refuseWhole(ErrorCode.BAD_OPTION, `is ${String(value)}: write ${EXAMPLE}`);
}

/**
 * redlock's constructor takes clients and then settings, which would be ignored here.
 *
 * @param more what was handed over behind the configuration
 * @throws ConfigException BAD_OPTION
 */
export function checkConstruction(more: readonly unknown[]): void {
  if (more.length === 0) return;
  const remedy = "write new RedisLock({ connections: ['redis://host:port'], options: { retries: 3 } })";
  throw refuseWhole(ErrorCode.BAD_OPTION, `is one argument: ${remedy}`);
}

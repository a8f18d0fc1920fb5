import type { LockOptions } from './LockOptions';
import type { Section } from './Section';

/** The longest delay that a timer of Node takes; one ms more would fire at once. */
const LONGEST_MS = 2_147_483_647;

/** The keys that are read under `options`. */
export const OPTION_KEYS: readonly string[] = [
  'retries',
  'retry_timeout',
  'retry_jitter',
  'drift_factor',
  'quorum',
  'node_timeout',
  'connect_timeout',
  'ttl',
  'key_prefix',
  'restart_guard',
  'notify',
  'release_on_close',
];

/** The names that redlock gives to options. */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  retries: ['retryCount', 'retry_count'],
  retry_timeout: ['retryDelay', 'retry_delay'],
  retry_jitter: ['retryJitter'],
  drift_factor: ['driftFactor'],
};

/** The keys that are read under `options`, under all their names. */
export const KNOWN_OPTIONS: readonly string[] = [...OPTION_KEYS, ...Object.values(ALIASES).flat()];

/**
 * Reads the `options` of a lock and fills in the defaults.
 *
 * @throws ConfigException BAD_OPTION, naming the key, the value and the range
 */
export function readOptions(options: Section): LockOptions {
  const named = (key: string): string => nameOf(options, key);
  const retries = options.whole(named('retries'), -1, LONGEST_MS);
  const retryTimeoutMs = options.whole(named('retry_timeout'), 1, LONGEST_MS) ?? 100;
  return Object.freeze({
    retries: retries ?? 3,
    retriesAreSet: retries !== null,
    retryTimeoutMs,
    retryJitterMs: options.whole(named('retry_jitter'), 0, LONGEST_MS) ?? Math.floor(retryTimeoutMs / 2),
    driftFactor: readDriftFactor(options, named('drift_factor')) ?? 0.01,
    quorum: readQuorum(options),
    nodeTimeoutMs: options.whole('node_timeout', 10, LONGEST_MS) ?? 500,
    connectTimeoutMs: options.whole('connect_timeout', 10, LONGEST_MS) ?? 2000,
    ttlMs: options.whole('ttl', 10, LONGEST_MS) ?? 30000,
    // As it is written, space included: other clients of the same locks build their keys from the same string.
    keyPrefix: options.raw('key_prefix') ?? '',
    restartGuardMs: options.whole('restart_guard', 0, LONGEST_MS) ?? 60000,
    notify: options.flag('notify') ?? true,
    releaseOnClose: options.flag('release_on_close') ?? true,
  });
}

/** @returns the name under which an option is written. */
function nameOf(options: Section, key: string): string {
  const [name, other] = [key, ...(ALIASES[key] ?? [])].filter((each) => options.has(each));
  if (other !== undefined) throw options.refuse(other, options.raw(other) ?? '', `${options.keyOf(key)} alone`);
  return name ?? key;
}

function readQuorum(options: Section): number | 'majority' {
  if (options.text('quorum')?.toLowerCase() === 'majority') return 'majority';
  return options.whole('quorum', 1, LONGEST_MS) ?? 'majority';
}

function readDriftFactor(options: Section, key: string): number | null {
  const value = options.text(key);
  if (value === null) return null;
  const factor = /^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value) ? Number(value) : NaN;
  if (factor >= 0 && factor < 1) return factor;
  throw options.refuse(key, value, 'a number from 0 to below 1');
}

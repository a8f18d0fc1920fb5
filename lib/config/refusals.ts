import { ConfigException } from 'pip-services4-commons-node';
import { ErrorCode } from '../contract/ErrorCode';

/** The two codes that a value in the configuration can be refused with. */
export type RefusalCode = typeof ErrorCode.BAD_OPTION | typeof ErrorCode.BAD_CONNECTION;

/**
 * A setting that cannot be used. `shown` is the value as it may be printed: whoever calls has made sure that it is, or
 * holds, no secret.
 *
 * @param bound - what would have been accepted
 */
export function refuseValue(code: RefusalCode, key: string, shown: string, bound: string): ConfigException {
  const refusal = new ConfigException(undefined, code, `${key} is '${shown}': ${bound} is needed`);
  refusal.withDetails('key', key).withDetails('value', shown).withDetails('bound', bound);
  return refusal;
}

/** What was handed over as the whole configuration, and is none. */
export function refuseWhole(code: RefusalCode, problem: string): ConfigException {
  return new ConfigException(undefined, code, `The configuration ${problem}`);
}

/** An object that has no settings in it, such as a Promise or a Map. `shown` is what its text would be. */
export function refuseObject(key: string, shown: string): ConfigException {
  const code = key.startsWith('options.') ? ErrorCode.BAD_OPTION : ErrorCode.BAD_CONNECTION;
  return refuseValue(code, key, shown, 'a value or a section of settings');
}

/** A connection or credential that cannot be used, for a reason that is not one printable value. */
export function badConnection(key: string, problem: string): ConfigException {
  const refusal = new ConfigException(undefined, ErrorCode.BAD_CONNECTION, `${key} ${problem}`);
  refusal.withDetails('key', key);
  return refusal;
}

import { ConfigException } from 'pip-services4-commons-node';
import type { ConfigSource } from '../contract/ConfigParams';
import { ErrorCode } from '../contract/ErrorCode';

/** Asked for a credential with each open, and again where a master refuses the last one: for one that expires. */
export type CredentialProvider = () => Promise<ConfigSource>;

/** Where a function may stand: for a whole credential, or for its password. */
const PLACE = /^(credential|credentials\.[^.]+)(?:\.(password|pass))?$/;

/** A configuration without functions, and those that stood in it, by the credential that each is for. */
interface Parted {
  readonly settings: ConfigSource;
  readonly providers: ReadonlyMap<string, CredentialProvider>;
}

/**
 * Takes the functions that provide a credential, or its password, out of a configuration. The credential is then known
 * under its own path, as one of a store is under its key. Functions elsewhere stay, and are refused.
 */
export function partProviders(settings: ConfigSource): Parted {
  const providers = new Map<string, CredentialProvider>();
  return { settings: part(settings, '', providers) as ConfigSource, providers };
}

function part(value: unknown, path: string, providers: Map<string, CredentialProvider>): unknown {
  const isSection = typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
  if (!isSection) return value;
  // A section may be called `__proto__`: assigned, it would be lost.
  const parted: [string, unknown][] = [];
  for (const [key, inner] of Object.entries(value)) {
    const at = path === '' ? key : `${path}.${key}`;
    const [, credential, password] = PLACE.exec(at) ?? [];
    if (typeof inner === 'function' && credential !== undefined) {
      const ask = inner as () => unknown;
      providers.set(credential, password === undefined ? () => section(at, ask) : () => secret(at, ask));
      const prefix = password === undefined ? `${key}.` : key.slice(0, key.length - password.length);
      parted.push([`${prefix}store_key`, credential]);
    } else {
      const isCredential = /^credentials?$/.test(at) || /^credentials\.[^.]+$/.test(at);
      parted.push([key, isCredential ? part(inner, at, providers) : inner]);
    }
  }
  return Object.fromEntries(parted);
}

async function section(path: string, ask: () => unknown): Promise<ConfigSource> {
  const answer = await ask();
  if (typeof answer === 'object' && answer !== null) return answer as ConfigSource;
  throw new ConfigException(
    undefined,
    ErrorCode.BAD_CONNECTION,
    `${path} is a function that gave no credential: return { username, password }`,
  );
}

async function secret(path: string, ask: () => unknown): Promise<ConfigSource> {
  const password = await ask();
  if (typeof password === 'string' && password !== '') return { password };
  throw new ConfigException(
    undefined,
    ErrorCode.BAD_CONNECTION,
    `${path} is a function that gave no password: return a text`,
  );
}

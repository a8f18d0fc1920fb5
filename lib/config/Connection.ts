import { ENCRYPTION_KEYS, readEncryption } from './encryption';
import { type Login, readLogin, readSentinelLogin } from './Login';
import type { RedisTarget } from './MasterEndpoint';
import type { Section } from './Section';
import type { TlsSources } from './TlsSettings';
import { DEFAULT_PORT, HIGHEST_DB, HOST_BOUND, PORT_BOUND, type RedisUri, readHost, readUri } from './redisUri';
import { badConnection } from './refusals';
import { hintFor, meantBy } from './spelling';
import { namesSentinels, readSentinelGroup, SENTINEL_KEYS } from './sentinelGroup';

/** A master as a connection describes it, before credentials are looked up and files are read. */
export interface Endpoint {
  readonly target: RedisTarget;
  readonly db: number;
  /** What the connection itself says about the login, the strongest first. */
  readonly logins: readonly Login[];
  readonly sentinelLogin: Login;
  readonly tls: TlsSources | null;
}

/** A connection: it describes its master, or names a key under which discovery knows one or many. */
export type Connection =
  | { readonly kind: 'endpoint'; readonly name: string; readonly path: string; readonly endpoint: Endpoint }
  | {
      readonly kind: 'discovery';
      readonly name: string;
      readonly path: string;
      readonly discoveryKey: string;
      readonly section: Section;
      /** The encryption that stands in the configuration; what is found may add to it. */
      readonly tls: TlsSources | null;
    };

/** The keys that are read in a connection. */
export const CONNECTION_KEYS: readonly string[] = [
  'discovery_key',
  'host',
  'ip',
  'port',
  'uri',
  'url',
  'protocol',
  'db',
  ...ENCRYPTION_KEYS,
  'username',
  'user',
  'password',
  'pass',
  ...SENTINEL_KEYS,
];

/** Each of these says where the master is, or who knows it. */
const ADDRESS_KEYS: readonly string[] = ['host', 'ip', 'uri', 'url', 'discovery_key', 'sentinels'];

/**
 * Reads one connection.
 *
 * @throws ConfigException BAD_CONNECTION
 */
export function readConnection(section: Section): Connection {
  const name = section.path === '' ? 'connection' : section.name;
  const path = section.path === '' ? 'the connection' : section.path;
  const discoveryKey = section.text('discovery_key');
  if (discoveryKey === null) {
    return Object.freeze({ kind: 'endpoint', name, path, endpoint: readEndpoint(section) });
  }
  if (namesSentinels(section)) {
    throw badConnection(section.keyOf('sentinels'), 'stands beside discovery_key: one of the two knows the master');
  }
  // The address may come from discovery; the other values are checked now, while the writer is still looking.
  const { tls } = readSettings(section, null);
  return Object.freeze({ kind: 'discovery', name, path, discoveryKey, section, tls });
}

/**
 * Reads the master that a connection describes, or that discovery found for one.
 *
 * @throws ConfigException BAD_CONNECTION
 */
export function readEndpoint(section: Section): Endpoint {
  const uri = readUriOf(section);
  const { port, db, login, tls } = readSettings(section, uri);
  const target = readSentinelGroup(section) ?? uri?.target ?? { kind: 'tcp', host: requireHost(section), port };
  if (tls !== null && target.kind === 'unix') throw badConnection(section.keyOf('tls'), 'has no use on a unix socket');
  const logins = uri === null ? [login] : [uri.login, login];
  const sentinelLogin = readSentinelLogin(section);
  return Object.freeze({ target: Object.freeze(target), db, logins: Object.freeze(logins), sentinelLogin, tls });
}

function readUriOf(section: Section): RedisUri | null {
  const key = section.has('uri') ? 'uri' : 'url';
  const text = section.text(key);
  const other = section.text('url');
  if (other !== null && other !== text) throw badConnection(section.keyOf('url'), 'stands beside another uri');
  return text === null ? null : readUri(section.keyOf(key), text);
}

interface Settings {
  readonly port: number;
  readonly db: number;
  readonly login: Login;
  readonly tls: TlsSources | null;
}

function readSettings(section: Section, uri: RedisUri | null): Settings {
  const port = section.whole('port', 1, 65535, PORT_BOUND) ?? DEFAULT_PORT;
  const db = section.whole('db', 0, HIGHEST_DB) ?? 0;
  return { port, db: uri?.db ?? db, login: readLogin(section), tls: readEncryption(section, uri?.tls === true) };
}

function requireHost(section: Section): string {
  const key = section.has('host') ? 'host' : 'ip';
  const text = section.text(key);
  if (text === null) {
    const problem = 'is missing: a host, a uri, sentinels or a discovery_key is needed';
    throw badConnection(section.keyOf('host'), `${problem}${hintAt(section)}`);
  }
  const host = readHost(text);
  // A host that is refused may be a whole uri, with a password in it.
  if (host === null) throw section.refuse(key, text, HOST_BOUND);
  return host;
}

/** @returns the name of a key that was misspelt where an address was meant, empty where there is none. */
function hintAt(section: Section): string {
  const misspelt = section.keys().find((key) => {
    return !CONNECTION_KEYS.includes(key) && ADDRESS_KEYS.includes(meantBy(key, CONNECTION_KEYS) ?? '');
  });
  return misspelt === undefined ? '' : hintFor(section, misspelt, meantBy(misspelt, CONNECTION_KEYS) ?? '');
}

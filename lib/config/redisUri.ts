import { isIPv6 } from 'node:net';
import { ErrorCode } from '../contract/ErrorCode';
import type { Login } from './Login';
import type { HostAndPort, ServerTarget } from './MasterEndpoint';
import { Secret } from './Secret';
import { refuseValue } from './refusals';

/** The port of a Redis master that names none. */
export const DEFAULT_PORT = 6379;
/** What a port is refused with when it is something else. */
export const PORT_BOUND = 'a port from 1 to 65535';
/** What a host is refused with when it is something else; one connection with several hosts would be one vote. */
export const HOST_BOUND = 'one host name or address (each further master is a connection of its own)';
/** The highest number that a database may have. */
export const HIGHEST_DB = 2_147_483_647;

/** What a uri says about a master; `null` where it says nothing. */
export interface RedisUri {
  readonly target: ServerTarget;
  readonly db: number | null;
  readonly login: Login;
  readonly tls: boolean;
}

/** Whether a text is meant as a uri, well or not. */
export const HAS_SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;

const URI = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)(.*)$/is;
const HOST_AND_PORT = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/s;

/**
 * Reads `redis://[user[:password]@]host[:port][/db]`, the same with `rediss://`, or `unix://[user:password@]/path[?db=n]`.
 *
 * The platform's URL is not used: it drops line breaks, takes several hosts for one and refuses a user before a unix
 * path, and its messages repeat the password.
 *
 * @param key - where the uri stands, for messages
 * @throws ConfigException BAD_CONNECTION, with everything that may be a password taken out
 */
export function readUri(key: string, uri: string): RedisUri {
  const refuse = (bound: string): Error => refuseValue(ErrorCode.BAD_CONNECTION, key, shownUri(uri), bound);
  const [, scheme = '', authority = '', path = '', rest = ''] = URI.exec(uri) ?? [];
  const kind = scheme.toLowerCase();
  if (kind !== 'redis' && kind !== 'rediss' && kind !== 'unix') throw refuse('a redis://, rediss:// or unix:// uri');
  if (/\s/.test(uri)) throw refuse('a uri without white space');
  const [address = '', userAndPassword = '', ...more] = authority.split('@').reverse();
  if (more.length > 0 || /@/.test(path + rest)) {
    throw refuse('a user and password with /, ?, # and @ written as %2F, %3F, %23 and %40');
  }
  const login = readLogin(userAndPassword, refuse);
  if (kind === 'unix') return { ...readUnix(address, path, rest, refuse), login, tls: false };
  if (rest !== '') throw refuse('a uri that ends with the database, without ? or #,');
  const target = readTcp(address, refuse);
  const db = path === '' || path === '/' ? null : readDb(path.slice(1), refuse);
  return { target, db, login, tls: kind === 'rediss' };
}

/** @returns the host without the brackets of an IPv6 address, `null` where it is not exactly one host. */
export function readHost(host: string): string | null {
  const bare = /^\[.*\]$/s.test(host) ? host.slice(1, -1) : host;
  if (isIPv6(bare)) return bare;
  return /^[^\s,;:/@?#\\[\]]+$/.test(host) ? host : null;
}

type Refuse = (bound: string) => Error;

function readTcp(address: string, refuse: Refuse): ServerTarget {
  return { kind: 'tcp', ...readAddress(address, DEFAULT_PORT, refuse) };
}

/**
 * Reads `host` or `host:port`.
 *
 * @param refuse - makes the error for an address that is something else
 */
export function readAddress(address: string, defaultPort: number, refuse: Refuse): HostAndPort {
  const [, hostText = '', portText = String(defaultPort)] = HOST_AND_PORT.exec(address) ?? [];
  const host = readHost(hostText);
  if (host === null || /[,;]/.test(portText)) throw refuse(HOST_BOUND);
  const port = /^\d+$/.test(portText) ? Number(portText) : 0;
  if (port < 1 || port > 65535) throw refuse(PORT_BOUND);
  return { host, port };
}

function readUnix(address: string, path: string, rest: string, refuse: Refuse): Pick<RedisUri, 'target' | 'db'> {
  if (address !== '' || path.length < 2) throw refuse('an absolute path, as in unix:///var/run/redis.sock,');
  const query = /^(?:\?db=(.*))?$/s.exec(rest);
  if (query === null) throw refuse('a uri that ends with the path or with ?db=');
  const db = query[1] === undefined ? null : readDb(query[1], refuse);
  return { target: { kind: 'unix', path: decode(path, refuse) }, db };
}

function readDb(text: string, refuse: Refuse): number {
  const db = /^\d+$/.test(text) ? Number(text) : NaN;
  if (db <= HIGHEST_DB) return db;
  throw refuse(`a database from 0 to ${HIGHEST_DB}`);
}

function readLogin(userAndPassword: string, refuse: Refuse): Login {
  const [, user = '', password = ''] = /^([^:]*):?(.*)$/s.exec(userAndPassword) ?? [];
  return Object.freeze({
    username: user === '' ? null : decode(user, refuse),
    password: password === '' ? null : new Secret(decode(password, refuse)),
  });
}

function decode(text: string, refuse: Refuse): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw refuse('each % followed by two hexadecimal digits');
  }
}

/**
 * A uri as messages show it. People forget to encode a password, or to write the host behind it, so only what cannot be
 * a part of one is shown: nothing when an @ stands where none belongs, and without any @ only a plain host and port.
 */
function shownUri(uri: string): string {
  const [, scheme = '', authority = '', path = '', rest = ''] = URI.exec(uri) ?? [];
  if (scheme === '') return '***';
  const at = authority.lastIndexOf('@');
  if (/@/.test(path + rest)) return `${scheme}://***`;
  if (at >= 0) return `${scheme}://***@${authority.slice(at + 1)}${path}`;
  const isPlain = /^(|(\[[\da-f:.]+\]|[^:]+)(:\d{1,5})?)$/i.test(authority);
  return isPlain ? `${scheme}://${authority}${path}` : `${scheme}://***`;
}

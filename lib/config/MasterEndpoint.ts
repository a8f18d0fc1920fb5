import { isIPv6 } from 'node:net';
import type { Login, Logins } from './Login';
import type { Secret } from './Secret';
import type { TlsSettings } from './TlsSettings';

/** Where a server listens. */
export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

/** Where one master listens. */
export type ServerTarget = ({ readonly kind: 'tcp' } & HostAndPort) | { readonly kind: 'unix'; readonly path: string };

/** Where a master listens, or who names it. */
export type RedisTarget = ServerTarget | SentinelGroup;

/** The master and the replicas that Sentinels know under one name. */
export interface SentinelGroup {
  readonly kind: 'sentinel';
  readonly masterName: string;
  readonly sentinels: readonly HostAndPort[];
}

/** One Redis master with all that is needed to log in to it. */
export interface MasterEndpoint {
  /** The name of the connection's section; with a number behind it where discovery made several of one. */
  readonly name: string;
  /** `host:port`, the path of the socket, or the name of a group with its Sentinels: what details and the status show. */
  readonly address: string;
  readonly target: RedisTarget;
  readonly db: number;
  readonly username: string | null;
  readonly password: Secret | null;
  /** How to log in to the Sentinels; `null` where the target is no group. */
  readonly sentinelLogin: Login | null;
  /** Asks for both logins anew, where they come from a credential store; `null` where they never change. */
  readonly logInAnew: (() => Promise<Logins>) | null;
  /** `null` where the connection is not encrypted. */
  readonly tls: TlsSettings | null;
}

/** @returns how messages name a master: by its connection's name too, where that is more than a number. */
export function labelOf({ name, address }: MasterEndpoint): string {
  return /^(?:connection|\d*)(?:\.\d+)?$/.test(name) ? address : `${name} (${address})`;
}

/** @returns how messages name a target. */
export function addressOf(target: RedisTarget): string {
  switch (target.kind) {
    case 'unix':
      return target.path;
    case 'sentinel':
      return `${target.masterName}@${target.sentinels.map(hostAndPort).join(',')}`;
    case 'tcp':
      return hostAndPort(target);
  }
}

/** @returns `host:port`, with an IPv6 address in brackets. */
export function hostAndPort({ host, port }: HostAndPort): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * Whether two targets are one and the same as far as their spelling tells. Names are not looked up: that `localhost` is
 * `127.0.0.1` shows only once both are connected.
 */
export function isSameTarget(one: RedisTarget, other: RedisTarget): boolean {
  if (one.kind === 'unix') return other.kind === 'unix' && one.path === other.path;
  if (one.kind === 'tcp') return other.kind === 'tcp' && canonicalAddress(one) === canonicalAddress(other);
  if (other.kind !== 'sentinel' || one.masterName !== other.masterName) return false;
  const known = one.sentinels.map(canonicalAddress);
  return other.sentinels.some((sentinel) => known.includes(canonicalAddress(sentinel)));
}

/** @returns a server's address in its one spelling. */
export function canonicalAddress({ host, port }: HostAndPort): string {
  // An IPv6 address has many spellings; the platform's URL knows the canonical one, but takes no zone.
  const isPlainIPv6 = isIPv6(host) && !host.includes('%');
  return `${isPlainIPv6 ? new URL(`http://[${host}]`).hostname : host.toLowerCase()}:${port}`;
}

import { isIPv6 } from 'node:net';
import type { Secret } from './Secret';
import type { TlsSettings } from './TlsSettings';

/** Where a master listens. */
export type RedisTarget =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** One Redis master with all that is needed to log in to it. */
export interface MasterEndpoint {
  /** The name of the connection's section; with a number behind it where discovery made several of one. */
  readonly name: string;
  /** `host:port`, or the path of the socket: what messages show. */
  readonly address: string;
  readonly target: RedisTarget;
  readonly db: number;
  readonly username: string | null;
  readonly password: Secret | null;
  /** `null` where the connection is not encrypted. */
  readonly tls: TlsSettings | null;
}

/** @returns how messages name a target. */
export function addressOf(target: RedisTarget): string {
  if (target.kind === 'unix') return target.path;
  return isIPv6(target.host) ? `[${target.host}]:${target.port}` : `${target.host}:${target.port}`;
}

/**
 * Whether two targets are one and the same as far as their spelling tells. Names are not looked up: that `localhost` is
 * `127.0.0.1` shows only once both are connected.
 */
export function isSameTarget(one: RedisTarget, other: RedisTarget): boolean {
  return spellingOf(one) === spellingOf(other);
}

function spellingOf(target: RedisTarget): string {
  if (target.kind === 'unix') return `unix:${target.path}`;
  // An IPv6 address has many spellings; the platform's URL knows the canonical one, but takes no zone.
  const isPlainIPv6 = isIPv6(target.host) && !target.host.includes('%');
  const host = isPlainIPv6 ? new URL(`http://[${target.host}]`).hostname : target.host.toLowerCase();
  return `tcp:${host}:${target.port}`;
}

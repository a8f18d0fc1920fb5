import type { Section } from './Section';
import type { Secret } from './Secret';
import { badConnection } from './refusals';

/** What one place in the configuration says about who logs in to a master; `null` where it says nothing. */
export interface Login {
  readonly username: string | null;
  readonly password: Secret | null;
}

/** Who logs in to a master, and who to the Sentinels that name it. */
export interface Logins {
  readonly login: Login;
  readonly sentinelLogin: Login;
}

/** A credential: its login stands in the configuration, or in a credential store under a key. */
export type Credential = ({ readonly kind: 'given'; readonly name: string } & Logins) | StoredCredential;

/** A credential that a store knows. */
export interface StoredCredential {
  readonly kind: 'stored';
  readonly name: string;
  readonly storeKey: string;
  readonly section: Section;
}

/** The keys that are read in a credential. */
export const CREDENTIAL_KEYS: readonly string[] = [
  'store_key',
  'username',
  'user',
  'password',
  'pass',
  'sentinel_username',
  'sentinel_password',
];

/** Reads the login in a connection's or a credential's section. */
export function readLogin(section: Section): Login {
  return Object.freeze({
    username: section.text('username') ?? section.text('user'),
    password: section.secret('password') ?? section.secret('pass'),
  });
}

/** Reads the login to Sentinels in a connection's or a credential's section. */
export function readSentinelLogin(section: Section): Login {
  return Object.freeze({ username: section.text('sentinel_username'), password: section.secret('sentinel_password') });
}

/** @returns both logins of a credential; `null` where it has no password for either. */
export function readLogins(section: Section): Logins | null {
  const logins = { login: readLogin(section), sentinelLogin: readSentinelLogin(section) };
  return logins.login.password === null && logins.sentinelLogin.password === null ? null : logins;
}

/**
 * Reads one credential.
 *
 * @throws ConfigException BAD_CONNECTION when it gives no password and names no store that would
 */
export function readCredential(section: Section): Credential {
  const logins = readLogins(section);
  const storeKey = section.text('store_key');
  if (storeKey !== null) return Object.freeze({ kind: 'stored', name: section.name, storeKey, section });
  if (logins === null) throw badConnection(section.path, 'has neither a password nor a store_key');
  return Object.freeze({ kind: 'given', name: section.name, ...logins });
}

/**
 * Decides who logs in to one master. The first place that has a password decides; a place before it that names a user
 * only, such as `redis://app@host`, lends the name to a password that comes without one. Places after it have no say.
 *
 * @param places - what each place says, the strongest first
 * @param path - the connection, for messages. The names stay out of them: `redis://word@host` often holds a password.
 * @throws ConfigException BAD_CONNECTION for a user without a password, and for two users where one is meant; going on
 *   would log in as somebody else than the configuration says
 */
export function chooseLogin(places: readonly Login[], path: string): Login {
  const deciding = places.findIndex((place) => place.password !== null);
  const before = places.slice(0, deciding < 0 ? places.length : deciding);
  const lent = before.find((place) => place.username !== null)?.username ?? null;
  const decided = places[deciding];
  if (decided === undefined) {
    if (lent !== null) throw badConnection(path, 'has a username and no password');
    return { username: null, password: null };
  }
  if (lent !== null && decided.username !== null && lent !== decided.username) {
    throw badConnection(path, 'has one username and its password comes with another');
  }
  return { username: decided.username ?? lent, password: decided.password };
}

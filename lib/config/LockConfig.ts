import { ErrorCode } from '../contract/ErrorCode';
import { CONNECTION_KEYS, type Connection, readConnection } from './Connection';
import { asksForEncryption, unreadEncryption } from './encryption';
import { lookingAt } from '../contract/settings';
import type { LockOptions } from './LockOptions';
import { CREDENTIAL_KEYS, type Credential, readCredential } from './Login';
import { type CredentialProvider, partProviders } from './providers';
import { Section } from './Section';
import { KNOWN_OPTIONS, readOptions } from './readOptions';
import { namesSentinels } from './sentinelGroup';
import { connectionSections, credentialSections } from './sections';
import { type Configuration, settingsOf } from './given';
import { isUnverified } from './TlsSettings';
import { warnOfIdleKeys, warnOfSingular, warnOfUnknownKeys, warnOfUnknownSections } from './warnings';

/** A lock's whole configuration, checked as far as that is possible without asking anybody. It prints no secrets. */
export interface LockConfig {
  /** The name in the descriptor that a container hands over; null where there is none, or nobody has chosen it. */
  readonly name: string | null;
  readonly options: LockOptions;
  /** Empty where none is configured; that is for `open` to refuse. */
  readonly connections: readonly Connection[];
  readonly credentials: readonly Credential[];
  /** What gives a credential when it is asked, by the credential's path. */
  readonly providers: ReadonlyMap<string, CredentialProvider>;
  /** What was written at the top level and is not known, one sentence each: one may have meant the connections. */
  readonly misspelt: readonly string[];
  /** What was written and has no effect, one sentence each. */
  readonly warnings: readonly string[];
}

/** The sections of the whole configuration. */
const SECTIONS: readonly string[] = ['connections', 'connection', 'credentials', 'credential', 'options'];

/** What may stand at the top level, in sections or not. A container hands over `descriptor` and `type` as well. */
const TOP_LEVEL_KEYS: readonly string[] = [...SECTIONS, 'descriptor', 'type', ...CONNECTION_KEYS];

/** Where one of these stands at the top level, the configuration itself is the connection. */
const TOP_LEVEL_SIGNS: readonly string[] = ['host', 'ip', 'port', 'uri', 'url', 'discovery_key', 'master_name'];

/**
 * Reads a lock's configuration.
 *
 * @throws ConfigException BAD_OPTION or BAD_CONNECTION, naming the key, the value (never a secret) and the bound
 */
export function parseConfig(given: Configuration): LockConfig {
  const { settings, providers } = lookingAt('', () => partProviders(settingsOf(given)));
  const whole = Section.of(settings, '', ErrorCode.BAD_OPTION);
  const misplaced = whole.text('options');
  if (misplaced !== null) throw whole.refuse('options', misplaced, 'a section of settings');
  const options = whole.within('options', ErrorCode.BAD_OPTION);
  const below = connectionSections(whole);
  const topLevel = topLevelConnection(whole);
  const connections = below.length === 0 && topLevel !== null ? [topLevel] : below;
  refuseUnreadEncryption(whole, connections);
  const credentials = credentialSections(whole);
  const misspelt = warnOfUnknownSections(whole, TOP_LEVEL_KEYS, KNOWN_OPTIONS);
  const warnings = [
    ...misspelt,
    ...warnOfUnknownKeys(options, KNOWN_OPTIONS),
    ...below.flatMap((section) => warnOfUnknownKeys(section, CONNECTION_KEYS)),
    ...credentials.flatMap((section) => warnOfUnknownKeys(section, CREDENTIAL_KEYS)),
    ...warnOfIdleKeys(connections, credentials, topLevel, CONNECTION_KEYS),
    ...[['connections', 'connection'] as const, ['credentials', 'credential'] as const].flatMap(([plural, singular]) =>
      warnOfSingular(whole, plural, singular),
    ),
  ];
  const read = connections.map(readConnection);
  return Object.freeze({
    name: nameIn(whole.text('descriptor')),
    options: readOptions(options),
    connections: Object.freeze(read),
    misspelt: Object.freeze(misspelt),
    credentials: Object.freeze(credentials.map(readCredential)),
    providers: Object.freeze(providers),
    warnings: Object.freeze([...warnings, ...read.flatMap(warnOfNoVerification)]),
  });
}

/**
 * Pip.Services' documented example writes `host` and `port` without any section. One that is written and blank is a
 * connection with nothing in it, which is refused as one in a section is.
 */
function topLevelConnection(whole: Section): Section | null {
  if (!TOP_LEVEL_SIGNS.some((key) => whole.names(key)) && !namesSentinels(whole)) return null;
  // Also what is not known: one of its keys may have been meant by it.
  const isSection = (key: string): boolean => SECTIONS.includes(key.split('.')[0] ?? key);
  return whole.only((key) => !isSection(key), ErrorCode.BAD_CONNECTION);
}

/** `default` is what a descriptor says where there is only one component of its kind. */
function nameIn(descriptor: string | null): string | null {
  const name = descriptor?.split(':')[3]?.trim() ?? '';
  return ['', '*', 'default'].includes(name) ? null : name;
}

function warnOfNoVerification(connection: Connection): readonly string[] {
  const tls = connection.kind === 'endpoint' ? connection.endpoint.tls : connection.tls;
  if (tls === null || !isUnverified(tls)) return [];
  return [`${tls.path} has no verification of certificates: anybody can stand in for the master and read the password`];
}

/** What asks for encryption and stands where no connection reads it would leave every connection in the clear. */
function refuseUnreadEncryption(whole: Section, connections: readonly Section[]): void {
  const [first] = connections;
  if (first === undefined) return;
  const isRead = (key: string): boolean =>
    connections.some((section) =>
      section.path === '' ? section.names(key) : key === section.path || key.startsWith(`${section.path}.`),
    );
  // The name of a credential is no setting.
  const settingOf = (key: string): string => key.replace(/^credentials\.[^.]*/, '');
  const unread = whole.keys().find((key) => !isRead(key) && asksForEncryption(whole, key, settingOf(key)));
  if (unread === undefined) return;
  const instead = /^(?:tls|ssl)\./.test(unread) ? first.keyOf(unread) : `${first.keyOf('tls')}: true`;
  throw unreadEncryption(unread, `${instead}, and the same in every connection`);
}

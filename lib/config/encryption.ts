import type { Section } from './Section';
import { type TlsSources, readTls, TLS_KEYS } from './TlsSettings';
import { ErrorCode } from '../contract/ErrorCode';
import { badConnection } from './refusals';
import { spellingOf } from './spelling';

/** The sections of encryption; the first is this library's own name for it. */
const SECTIONS = ['tls', 'ssl'] as const;

/** What asks for encryption with a yes or a no. */
const FLAGS: readonly string[] = ['tls', 'ssl', 'secure', 'use_tls', 'use_ssl', 'tls.enabled', 'ssl.enabled'];
const FLAG_SPELLINGS: readonly string[] = FLAGS.map(spellingOf);

/** The keys that are read in a connection for how it is encrypted. */
export const ENCRYPTION_KEYS: readonly string[] = [
  ...FLAGS,
  ...SECTIONS.flatMap((section) => TLS_KEYS.map((key) => `${section}.${key}`)),
];

/** Whether a connection by one of these is encrypted. */
const PROTOCOLS: ReadonlyMap<string, boolean> = new Map([
  ...['redis', 'tcp'].map((name) => [name, false] as const),
  ...['rediss', 'tls', 'ssl', 'redis+tls', 'redis+ssl'].map((name) => [name, true] as const),
]);

/** A word in the name of a setting that is about encryption, whatever library knows it. `access_log` has none. */
const SPEAKS_OF_ENCRYPTION = /^(?:use|enable)?(?:tls|ssl)|(?:tls|ssl)$|^secure|^encrypt|^unauthorized$/;
const SAYS_NO: readonly string[] = ['', 'false', 'no', '0', 'off', 'none', 'disable', 'disabled', 'never'];

/** Whether a key of a connection is a flag of encryption, however it is spelled: `useTls` is `use_tls`. */
export function isEncryptionFlag(key: string): boolean {
  return FLAG_SPELLINGS.includes(spellingOf(key));
}

/**
 * Whether a setting, known or not, asks for encryption.
 *
 * @param name the part of the key that is no name of the writer's own
 */
export function asksForEncryption(section: Section, key: string, name = key): boolean {
  const value = section.text(key)?.toLowerCase() ?? '';
  if (/(?:^|\.)protocol$/.test(name)) return PROTOCOLS.get(value) === true;
  return wordsOf(name).some((word) => SPEAKS_OF_ENCRYPTION.test(word)) && !SAYS_NO.includes(value);
}

/** `enableTLSForSentinels` and `enable_tls` have words as well. */
function wordsOf(name: string): readonly string[] {
  const apart = name.replace(/([a-z0-9])([A-Z])/g, '$1_$2');
  return apart.toLowerCase().split(/[^a-z0-9]+/);
}

/**
 * Reads how a connection is encrypted. What asks for encryption and is not understood is refused: taken for nothing, it
 * would send the password in the clear.
 *
 * @param isByUri whether the uri of the connection asks for it
 * @returns the TLS settings, `null` for a connection in the clear.
 * @throws ConfigException BAD_CONNECTION
 */
export function readEncryption(section: Section, isByUri: boolean): TlsSources | null {
  const [asked, ...others] = section
    .keys()
    .filter(isEncryptionFlag)
    .flatMap((key) => {
      const isWanted = section.flag(key);
      return isWanted === null ? [] : [{ key, isWanted }];
    });
  const opposed = others.find(({ isWanted }) => isWanted !== asked?.isWanted);
  if (asked !== undefined && opposed !== undefined) {
    throw badConnection(section.keyOf(opposed.key), `says the contrary of ${section.keyOf(asked.key)}`);
  }
  const isImplied = isByUri || readProtocol(section);
  // One of the two is a mistake, and taking the wrong one for it would send a password in the clear.
  if (asked?.isWanted === false && isImplied) throw section.refuse(asked.key, 'false', 'true beside rediss');
  const material = materialOf(section);
  if (asked?.isWanted ?? (isImplied || material.keys().length > 0)) return readTls(material);
  refuseUnread(section);
  return null;
}

function readProtocol(section: Section): boolean {
  const protocol = section.text('protocol')?.toLowerCase() ?? 'redis';
  const isEncrypted = PROTOCOLS.get(protocol);
  if (isEncrypted === undefined) throw section.refuse('protocol', protocol, 'redis or rediss');
  return isEncrypted;
}

function materialOf(section: Section): Section {
  const [own, other] = SECTIONS.map((name) => section.within(name, ErrorCode.BAD_CONNECTION));
  if (own === undefined || other === undefined) return section;
  if (other.keys().length === 0 || (other.isBlank && own.keys().length > 0)) return own;
  if (own.isBlank) return other;
  throw badConnection(other.path, `stands beside ${own.path}: write ${own.path} alone`);
}

/** What is known was read, and has said no; beside that no, the sections of encryption are of no use. */
function refuseUnread(section: Section): void {
  const isRead = (key: string): boolean => isEncryptionFlag(key) || /^(?:tls|ssl)\./.test(key);
  const unread = section.keys().find((key) => !isRead(key) && asksForEncryption(section, key));
  if (unread !== undefined) throw unreadEncryption(section.keyOf(unread), `${section.keyOf('tls')}: true`);
}

/**
 * A setting asks for encryption, and nothing reads it.
 *
 * @param instead what to write
 */
export function unreadEncryption(key: string, instead: string): Error {
  return badConnection(key, `asks for encryption and no connection reads it: write ${instead}`);
}

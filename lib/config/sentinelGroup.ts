import { type HostAndPort, type SentinelGroup, canonicalAddress } from './MasterEndpoint';
import type { Section } from './Section';
import { badConnection } from './refusals';
import { PORT_BOUND, readAddress, readHost } from './redisUri';
import { hintFor, meantBy } from './spelling';

const DEFAULT_SENTINEL_PORT = 26379;

/** The keys that are read for a group of Sentinels. */
export const SENTINEL_KEYS: readonly string[] = ['sentinels', 'master_name', 'sentinel_username', 'sentinel_password'];

/** What else would say where the master is. */
const RIVALS: readonly string[] = ['host', 'ip', 'port', 'uri', 'url'];

/** @returns whether a connection names Sentinels, well or not. */
export function namesSentinels(section: Section): boolean {
  return section.has('sentinels') || !section.within('sentinels', section.code).isBlank;
}

/** @returns the known key that another one beside it stands for; ioredis calls a group's name `name`. */
export function meantIn(section: Section, key: string, known: readonly string[]): string | null {
  const isName = key === 'name' && namesSentinels(section) && !section.has('master_name');
  return isName ? 'master_name' : meantBy(key, known);
}

/**
 * Reads the Sentinels of a connection, and the name under which they know its master.
 *
 * @returns `null` where the connection names no Sentinels
 * @throws ConfigException BAD_CONNECTION
 */
export function readSentinelGroup(section: Section): SentinelGroup | null {
  if (!namesSentinels(section)) {
    const stray = ['master_name', 'sentinel_username', 'sentinel_password'].find((key) => section.has(key));
    if (stray !== undefined) throw badConnection(section.keyOf(stray), 'has no use without sentinels');
    return null;
  }
  const rival = RIVALS.find((key) => section.has(key));
  if (rival !== undefined) {
    throw badConnection(section.keyOf('sentinels'), `stands beside ${rival}: the Sentinels say where the master is`);
  }
  const sentinels = readSentinels(section);
  const masterName = section.text('master_name');
  if (masterName === null) {
    const others = section.keys().filter((key) => key !== 'master_name');
    const misspelt = others.find((key) => meantIn(section, key, SENTINEL_KEYS) === 'master_name');
    const hint = misspelt === undefined ? '' : hintFor(section, misspelt, 'master_name');
    throw badConnection(section.keyOf('master_name'), `is missing: Sentinels know each master by a name${hint}`);
  }
  return Object.freeze({ kind: 'sentinel', masterName, sentinels: Object.freeze(sentinels) });
}

function readSentinels(section: Section): readonly HostAndPort[] {
  const path = section.keyOf('sentinels');
  const list = section.text('sentinels');
  const entries = section.within('sentinels', section.code);
  if (list !== null && entries.keys().length > 0) throw badConnection(path, 'is both a text and a list');
  const names = [...new Set(entries.keys().map((key) => key.split('.')[0] ?? ''))];
  const sentinels =
    list === null
      ? names.map((name) => readEntry(entries, name))
      : list.split(',').map((text) => readText(section, 'sentinels', text.trim()));
  for (const [at, sentinel] of sentinels.entries()) {
    const isTwin = sentinels.slice(0, at).some((other) => canonicalAddress(other) === canonicalAddress(sentinel));
    if (isTwin) throw badConnection(path, `names ${canonicalAddress(sentinel)} twice`);
  }
  return sentinels;
}

/** An entry is `host:port`, or a section with a host. */
function readEntry(entries: Section, name: string): HostAndPort {
  if (entries.names(name)) return readText(entries, name, entries.text(name) ?? '');
  const port = entries.whole(`${name}.port`, 1, 65535, PORT_BOUND) ?? DEFAULT_SENTINEL_PORT;
  const hostText = entries.text(`${name}.host`) ?? '';
  const host = readHost(hostText);
  if (host === null) throw entries.refuse(`${name}.host`, hostText, 'the host of one Sentinel');
  return { host, port };
}

function readText(section: Section, key: string, text: string): HostAndPort {
  const bound = `the host:port of one Sentinel (several in a list, or with commas between them)`;
  return readAddress(text, DEFAULT_SENTINEL_PORT, () => section.refuse(key, text, bound));
}

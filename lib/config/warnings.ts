import { isEncryptionFlag } from './encryption';
import type { Section } from './Section';
import { meantIn } from './sentinelGroup';
import { spellingOf } from './spelling';

/** An entry of a list, or a part of one. What else stands below a certificate is refused where it is read. */
const LIST_ENTRY = /^(?:(sentinels)\.\d+(?:\.host|\.port)?|((?:tls|ssl)\.(?:ca|cert|key))\..*)$/;

/** @returns whether a key is read. */
export function isKnown(key: string, known: readonly string[]): boolean {
  if (known.includes(key.replace(LIST_ENTRY, '$1$2'))) return true;
  return known.includes('tls') && isEncryptionFlag(key);
}

/** @returns a sentence for each key of the section that nothing reads. The values stay out: they may be passwords. */
export function warnOfUnknownKeys(section: Section, known: readonly string[]): readonly string[] {
  return section
    .keys()
    .filter((key) => !isKnown(key, known))
    .map((key) => unknown(section, key, meantIn(section, key, known)));
}

function unknown(section: Section, key: string, meant: string | null): string {
  const hint = meant === null ? '' : `: did you mean \`${section.keyOf(meant)}\`?`;
  return `${section.keyOf(key)} is not a known setting and is ignored${hint}`;
}

/**
 * @param options the keys of the options, which are often written without their section
 * @returns a sentence for each section or setting of the whole configuration that nothing reads.
 */
export function warnOfUnknownSections(
  whole: Section,
  known: readonly string[],
  options: readonly string[],
): readonly string[] {
  const meant = (name: string): string | null => {
    const option = options.find((each) => spellingOf(each) === spellingOf(name));
    return option === undefined ? meantIn(whole, name, known) : `options.${option}`;
  };
  const nameOf = (key: string): string =>
    isKnown(key, known) || /^(?:tls|ssl)\./.test(key) ? key : (key.split('.')[0] ?? key);
  const names = new Set(whole.keys().map(nameOf));
  return [...names].filter((name) => !isKnown(name, known)).map((name) => unknown(whole, name, meant(name)));
}

/** @returns a sentence where both the plural and the singular of a section are there: only the plural is read. */
export function warnOfSingular(whole: Section, plural: string, singular: string): readonly string[] {
  const isThere = (name: string): boolean => whole.has(name) || !whole.within(name, whole.code).isBlank;
  return isThere(plural) && isThere(singular) ? [`${singular} is ignored beside ${plural}`] : [];
}

/** @returns a sentence for each setting that is known and has no effect beside the others. */
export function warnOfIdleKeys(
  connections: readonly Section[],
  credentials: readonly Section[],
  topLevel: Section | null,
  known: readonly string[],
): readonly string[] {
  const besideSections =
    topLevel === null || connections.includes(topLevel)
      ? []
      : topLevel.keys().filter((key) => topLevel.has(key) && isKnown(key, known));
  const besideUri = connections.flatMap((section) =>
    section.has('uri') || section.has('url')
      ? ['host', 'ip', 'port'].filter((key) => section.has(key)).map((key) => section.keyOf(key))
      : [],
  );
  const names = new Set(connections.map((section) => section.name));
  const unmatched = credentials.length < 2 ? [] : credentials.filter((section) => !names.has(section.name));
  return [
    ...besideSections.map((key) => `${key} at the top level is ignored beside the connections in sections`),
    ...besideUri.map((key) => `${key} is ignored beside the uri of the same connection`),
    ...unmatched.map((section) => `${section.path} has the name of no connection and is ignored`),
  ];
}

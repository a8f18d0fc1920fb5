import { ErrorCode } from '../contract/ErrorCode';
import { Section } from './Section';
import { HAS_SCHEME } from './redisUri';
import { badConnection } from './refusals';

/** What a master's uri looks like, for messages. */
const URI_FORM = 'redis://host:port';

/**
 * The sections of the connections. A text in the place of a section is a uri, and is read as that section's `uri`. A text
 * in the place of all sections is a list of uris with commas between them.
 *
 * @throws ConfigException BAD_CONNECTION for an entry that is empty or cannot be read: without it the quorum would be
 *   another one. No message shows a text without a scheme, since it may be a part of a password.
 */
export function connectionSections(whole: Section): readonly Section[] {
  const list = whole.text('connections');
  if (list !== null) return listedSections(whole, list);
  const many = namedSections(whole, 'connections', (name) => uriSection(whole, `connections.${name}`));
  if (many.length > 0) return many;
  if (whole.has('connection')) return [uriSection(whole, 'connection')];
  return singularSection(whole, 'connection');
}

/**
 * The sections of the credentials. Where all are blank there are none. A blank one among others stays, to be refused:
 * with one credential left, its password would go to every master.
 *
 * @throws ConfigException BAD_CONNECTION for an entry that is no section
 */
export function credentialSections(whole: Section): readonly Section[] {
  for (const key of ['credentials', 'credential']) {
    if (whole.has(key)) throw badConnection(key, 'is a value: a section is needed, such as credential.password');
  }
  const many = namedSections(whole, 'credentials', (name) => {
    const path = `credentials.${name}`;
    if (!whole.has(path)) return whole.within(path, ErrorCode.BAD_CONNECTION);
    throw badConnection(path, 'has no settings: credentials.<name>.password is needed');
  });
  if (many.some((section) => !section.isBlank)) return many;
  return singularSection(whole, 'credential').filter((section) => !section.isBlank);
}

/** @param fromValue makes the section of an entry that is a value, or refuses it */
function namedSections(whole: Section, plural: string, fromValue: (name: string) => Section): readonly Section[] {
  const many = whole.within(plural, ErrorCode.BAD_CONNECTION);
  const sections = new Map<string, Section>();
  for (const key of many.keys()) {
    const dot = key.indexOf('.');
    const name = dot < 0 ? key : key.slice(0, dot);
    if (name === '') throw badConnection(many.keyOf(key), 'has no name');
    if (dot < 0) sections.set(name, fromValue(name));
    else if (!sections.has(name)) sections.set(name, many.within(name, ErrorCode.BAD_CONNECTION));
  }
  return [...sections.values()];
}

function singularSection(whole: Section, singular: string): readonly Section[] {
  const one = whole.within(singular, ErrorCode.BAD_CONNECTION);
  return one.keys().length > 0 ? [one] : [];
}

/** The list of uris that stands in the place of all sections. */
function listedSections(whole: Section, list: string): readonly Section[] {
  if (whole.within('connections', ErrorCode.BAD_CONNECTION).keys().length > 0) {
    throw badConnection('connections', 'is both a list of uris and sections: write one of the two');
  }
  const texts = list.split(',').map((text) => text.trim());
  for (const [index, text] of texts.entries()) {
    if (text === '') throw badConnection(`connections.${index}`, `is empty: the list is ${URI_FORM},${URI_FORM}`);
    if (HAS_SCHEME.test(text)) continue;
    const remedy = `write ${URI_FORM} for each master, and %2C for a comma in a password`;
    throw badConnection(`connections.${index}`, `has no scheme: ${remedy}`);
  }
  return texts.map((text, index) => sectionOfUri(`connections.${index}`, text));
}

/** The section of an entry that is a text. */
function uriSection(whole: Section, path: string): Section {
  if (whole.within(path, ErrorCode.BAD_CONNECTION).keys().length > 0) {
    throw badConnection(path, `is both a uri and a section: write ${path}.uri`);
  }
  const text = whole.raw(path)?.trim() ?? '';
  const remedy = `write ${path}: ${URI_FORM}, or a section such as ${path}.host`;
  if (text === '') throw badConnection(path, `is empty: ${remedy}`);
  if (!HAS_SCHEME.test(text)) throw badConnection(path, `has no scheme: ${remedy}`);
  return sectionOfUri(path, text);
}

function sectionOfUri(path: string, uri: string): Section {
  return new Section(path, ErrorCode.BAD_CONNECTION, new Map([['uri', uri]]));
}

import { Secret } from './Secret';
import type { Section } from './Section';
import { badConnection } from './refusals';

const PEM_BEGIN = '-----BEGIN ';
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const NUMBER = /^\d+$/;
const BYTE = /^\d{1,3}$/;

/**
 * Reads what is PEM text or the path of a file, or a list of these. A Buffer is text, and where it became a list of its
 * bytes on the way here, as in parameters of Pip.Services and in JSON, it is put together again.
 *
 * @throws ConfigException BAD_CONNECTION for anything else
 */
export function readPems(section: Section, key: string): readonly Secret[] {
  return Object.freeze(textsOf(section, key).map((text) => new Secret(text)));
}

function textsOf(section: Section, key: string): readonly string[] {
  const inside = section.within(key, section.code);
  if (inside.keys().length === 0) return section.has(key) ? [section.raw(key) as string] : [];
  // As JSON writes a Buffer.
  if (inside.text('type') === 'Buffer') return textsOf(inside, 'data');
  const names = [...new Set(inside.keys().map((each) => each.split('.')[0] ?? each))];
  if (section.has(key) || !names.every((name) => NUMBER.test(name))) {
    throw badConnection(inside.path, 'is no PEM text, no path of a file, no Buffer and no list of these');
  }
  const values = names.map((name) => inside.text(name));
  if (values.every((value) => value !== null && BYTE.test(value))) return [Buffer.from(values.map(Number)).toString()];
  return names.flatMap((name) => textsOf(inside, name));
}

/**
 * @returns the PEM text in a value: as it is, with its line breaks written out as `\\n` (as in an .env file), or in base64;
 *   `null` where it is none of these.
 */
export function pemIn(text: string): string | null {
  if (text.includes(PEM_BEGIN)) return text.replace(/\\r\\n|\\n/g, '\n');
  const compact = text.replace(/\s/g, '');
  if (!BASE64.test(compact)) return null;
  const decoded = Buffer.from(compact, 'base64').toString('latin1');
  return decoded.includes(PEM_BEGIN) ? decoded : null;
}

/** @returns a block of PEM whose line breaks have become spaces, as YAML and shells make them, with line breaks again. */
export function unfold(block: string): string {
  const [, begin = '', body = '', end = ''] = /^(-----BEGIN [^-]*-----)(.*)(-----END [^-]*-----)$/s.exec(block) ?? [];
  const isFolded = begin !== '' && !body.includes('\n') && /^[A-Za-z0-9+/=\s]*$/.test(body);
  return isFolded ? `${begin}\n${body.trim().replace(/\s+/g, '\n')}\n${end}` : block;
}

import { type ConfigException, StringConverter } from 'pip-services4-commons-node';
import type { ConfigSource } from '../contract/ConfigParams';
import { lookingAt, settingsIn } from '../contract/settings';
import { Secret } from './Secret';
import { refuseObject, refuseValue, type RefusalCode } from './refusals';

/** Names, numbers, ports and lists of them. Whatever else stands in a wrong place may be a login or a private key. */
const PRINTABLE = /^(?:[\w.,;+[\] -]|:\d{1,5}(?!\w)){0,64}$/;

/** What becomes of an empty object as a text; an empty array is '' already. */
const FLATTENED_EMPTY_OBJECT = '[object Object]';

/** What becomes of a Promise, a Map and the like, in parameters of either origin. */
const FLATTENED_OBJECT = /^\[object \w+\]$/;

/** An empty section under one of these asks for encryption with its defaults. */
const ENCRYPTION = /(?:^|\.)(?:tls|ssl)$/;

/** Keys that say the same thing: a value for one of them takes the place of all in its row. */
const SAME_MEANING: readonly (readonly string[])[] = [
  ['host', 'ip', 'uri', 'url'],
  ['username', 'user'],
  ['password', 'pass'],
];

const FLAGS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['yes', true],
  ['1', true],
  ['false', false],
  ['no', false],
  ['0', false],
]);

/**
 * A part of the configuration while it is being read: strings by key, and where they stand, so that a refusal can name
 * the whole key. The values may be passwords, so they are private and a section prints as its path.
 *
 * All the readers below give `null` for a key that is absent or blank, and refuse what is there and cannot be read: a
 * setting that fell back to its default in silence would be a lock that works otherwise than its owner believes. A blank
 * value is what a template leaves behind where nothing was set, so it is no value.
 */
export class Section {
  readonly #values: ReadonlyMap<string, string>;

  /**
   * @param path - the dotted key of the section; empty for the whole configuration
   * @param code - what a value in it is refused with
   */
  constructor(
    readonly path: string,
    readonly code: RefusalCode,
    values: ReadonlyMap<string, string>,
  ) {
    this.#values = values;
    Object.freeze(this);
  }

  /** @returns the whole of a configuration. Entries without a value (YAML's `key:`) keep their key and are blank. */
  static of(source: ConfigSource, path: string, code: RefusalCode): Section {
    const filled = Object.entries(settingsIn(source, path)).map(([key, setting]): [string, string] => {
      const value = lookingAt(path === '' ? key : `${path}.${key}`, () => StringConverter.toNullableString(setting));
      if (value === FLATTENED_EMPTY_OBJECT) return [key, ENCRYPTION.test(key) ? 'true' : ''];
      if (FLATTENED_OBJECT.test(value ?? '')) throw refuseObject(path === '' ? key : `${path}.${key}`, value ?? '');
      return [key, value ?? ''];
    });
    return new Section(path, code, new Map(filled));
  }

  /** The section's own name: the last part of its path. */
  get name(): string {
    return this.path.slice(this.path.lastIndexOf('.') + 1);
  }

  keys(): readonly string[] {
    return [...this.#values.keys()];
  }

  /** Whether a key has a value, and not a blank one. */
  has(key: string): boolean {
    return this.text(key) !== null;
  }

  /** Whether a key is written, with a value or blank. */
  names(key: string): boolean {
    return this.#values.has(key);
  }

  /** Whether no key has a value. */
  get isBlank(): boolean {
    return !this.keys().some((key) => this.has(key));
  }

  /** @returns the whole key, as the configuration writes it. */
  keyOf(key: string): string {
    return this.path === '' ? key : `${this.path}.${key}`;
  }

  /** @returns the keys below `name.`, without it. */
  within(name: string, code: RefusalCode): Section {
    const inside = [...this.#values].flatMap(([key, value]): [string, string][] =>
      key.startsWith(`${name}.`) ? [[key.slice(name.length + 1), value]] : [],
    );
    return new Section(this.keyOf(name), code, new Map(inside));
  }

  /** @returns the keys that pass, with the values that they have. */
  only(passes: (key: string) => boolean, code: RefusalCode = this.code): Section {
    return new Section(this.path, code, new Map([...this.#values].filter(([key]) => passes(key))));
  }

  /** @returns this section with the values of another over its own. A blank value lies over nothing. */
  overlaidWith(other: Section): Section {
    const replaced = SAME_MEANING.filter((keys) => keys.some((key) => other.has(key))).flat();
    const kept = [...this.#values].filter(([key]) => !replaced.includes(key));
    const laid = [...other.#values].filter(([key]) => other.has(key) || !this.names(key));
    return new Section(this.path, this.code, new Map([...kept, ...laid]));
  }

  /** @returns the value as it stands, blank or not. Never to be printed unless the caller knows what it is. */
  raw(key: string): string | null {
    return this.#values.get(key) ?? null;
  }

  /** @returns a value without the space around it. */
  text(key: string): string | null {
    const value = this.raw(key)?.trim() ?? '';
    return value === '' ? null : value;
  }

  /** @returns a value that is never printed. Space around it belongs to it. */
  secret(key: string): Secret | null {
    return this.text(key) === null ? null : new Secret(this.raw(key) as string);
  }

  /** @returns a whole number from `min` to `max`. */
  whole(key: string, min: number, max: number, bound = `a whole number from ${min} to ${max}`): number | null {
    const value = this.text(key);
    if (value === null) return null;
    const number = /^-?\d+$/.test(value) ? Number(value) : NaN;
    if (number >= min && number <= max) return number;
    throw this.refuse(key, value, bound);
  }

  /** @returns a yes or no. */
  flag(key: string): boolean | null {
    const value = this.text(key);
    if (value === null) return null;
    const flag = FLAGS.get(value.toLowerCase());
    if (flag !== undefined) return flag;
    throw this.refuse(key, value, 'true or false (or yes, no, 1, 0)');
  }

  /** @returns the refusal of a value that stands under a key; it is shown only where it cannot be a secret. */
  refuse(key: string, value: string, bound: string): ConfigException {
    return refuseValue(this.code, this.keyOf(key), PRINTABLE.test(value) ? value : '***', bound);
  }
}

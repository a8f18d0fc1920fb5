import { isUint8Array } from 'node:util/types';
import { StringValueMap } from 'pip-services4-commons-node';

/**
 * What configuration may be given as: this library's {@link ConfigParams}, the one of Pip.Services v4 (both are
 * string maps), or a plain object with nested objects and arrays.
 */
export type ConfigSource = StringValueMap | { readonly [key: string]: unknown };

/**
 * Configuration as Pip.Services v4 knows it: a flat map of strings under dotted keys, such as `connections.0.host`.
 * A section is the set of keys that begin with its name and a dot.
 *
 * ### Example
 * ```ts
 * const config = ConfigParams.fromTuples('connection.host', 'localhost', 'connection.port', 6379);
 * config.getSection('connection').getAsString('host'); // 'localhost'
 * ```
 */
export class ConfigParams extends StringValueMap {
  /** @returns the first parts of all keys, in order of first appearance and in their own case. */
  getSectionNames(): string[] {
    const names = new Set<string>();
    for (const key of this.getKeys()) {
      const dot = key.indexOf('.');
      names.add(dot > 0 ? key.slice(0, dot) : key);
    }
    return [...names];
  }

  /** @returns the keys of one section, without its name; empty where there is no such section. */
  getSection(section: string): ConfigParams {
    const prefix = `${section}.`;
    const inside = new ConfigParams();
    for (const [key, value] of Object.entries(this)) {
      if (key.startsWith(prefix)) inside.put(key.slice(prefix.length), value);
    }
    return inside;
  }

  /** Adds the given keys to this configuration, under a section's name. */
  addSection(section: string, sectionParams: ConfigParams): void {
    for (const [key, value] of Object.entries(sectionParams)) {
      this.put([section, key].filter((part) => part !== '').join('.'), value);
    }
  }

  /** @returns a new configuration: this one, with the given values winning. */
  override(configParams: ConfigParams): ConfigParams {
    return ConfigParams.mergeConfigs(this, configParams);
  }

  /** @returns a new configuration: the given values, with this one's winning. */
  setDefaults(defaultConfigParams: ConfigParams): ConfigParams {
    return ConfigParams.mergeConfigs(defaultConfigParams, this);
  }

  /** @returns the configuration in a plain object; nested objects and arrays become dotted keys. */
  static override fromValue(value: unknown): ConfigParams {
    const flat: Record<string, unknown> = {};
    flatten(value, '', [], flat);
    return new ConfigParams(flat);
  }

  /** @returns the configuration in `key1, value1, key2, value2, ...`. */
  static override fromTuples(...tuples: unknown[]): ConfigParams {
    return new ConfigParams(StringValueMap.fromTuplesArray(tuples));
  }

  /** @returns the configuration in a line such as `key1=value1;key2=value2`. */
  static override fromString(line: string): ConfigParams {
    return new ConfigParams(StringValueMap.fromString(line));
  }

  /** @returns the given configurations as one; later ones win. */
  static mergeConfigs(...configs: ConfigParams[]): ConfigParams {
    return new ConfigParams(StringValueMap.fromMaps(...configs));
  }
}

/**
 * `RecursiveObjectReader` of Pip.Services does this too, but leaves out keys that begin with an underscore, and whole
 * objects without a prototype: a section named `_a` would be lost without a word, and with it a master.
 */
function flatten(value: unknown, path: string, above: readonly unknown[], flat: Record<string, unknown>): void {
  // A file that was read is text, and no list of bytes.
  if (isUint8Array(value)) return void (flat[path] = Buffer.from(value).toString());
  const isNested = typeof value === 'object' && value !== null && Object.keys(value).length > 0;
  if (!isNested) {
    if (path !== '') flat[path] = value;
    return;
  }
  if (above.includes(value)) return;
  for (const [key, inner] of Object.entries(value)) {
    flatten(inner, path === '' ? key : `${path}.${key}`, [...above, value], flat);
  }
}

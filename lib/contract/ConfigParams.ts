import { StringValueMap } from 'pip-services4-commons-node';
import { settingOf, settingsIn } from './settings';

/**
 * What configuration may be given as: this library's {@link ConfigParams}, the one of Pip.Services v4 (both are
 * string maps), or a plain object with nested objects and arrays.
 *
 * @internal
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

  /**
   * Adds or replaces one value.
   *
   * @throws ConfigException for a function or a Promise: its text would be taken for the value
   */
  override put(key: string, value: unknown): void {
    super.put(key, settingOf(value, key));
  }

  /** Adds or replaces the values of a map; {@link put} for each. */
  override append(map: unknown): void {
    const entries = Object.entries(map ?? {}).map(([key, value]) => [key, settingOf(value, key)] as const);
    super.append(Object.fromEntries(entries));
  }

  /**
   * @returns the configuration in a plain object; nested objects and arrays become dotted keys.
   * @throws ConfigException for a function or a Promise: its text would be taken for the value
   */
  static override fromValue(value: unknown): ConfigParams {
    return new ConfigParams(settingsIn(value));
  }

  /** @returns the configuration in `key1, value1, key2, value2, ...`. */
  static override fromTuples(...tuples: unknown[]): ConfigParams {
    // Each value stands behind its key.
    const settings = tuples.map((each, at) => (at % 2 === 0 ? each : settingOf(each, String(tuples[at - 1]))));
    return new ConfigParams(StringValueMap.fromTuplesArray(settings));
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

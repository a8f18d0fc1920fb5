import { ConfigException } from 'pip-services4-commons-node';
import { ErrorCode } from './ErrorCode';

/** What a descriptor of this library and one of Pip.Services v4 have in common; `null` matches anything. */
export interface IDescriptor {
  getGroup(): string | null;
  getType(): string | null;
  getKind(): string | null;
  getName(): string | null;
  getVersion(): string | null;
}

type Fields = readonly [
  group: string | null,
  type: string | null,
  kind: string | null,
  name: string | null,
  version: string | null,
];

/**
 * Names a component by `group:type:kind:name:version`, where `*` matches anything.
 *
 * Pip.Services v4 compares with descriptors by the NAME of their class. So this class must be called `Descriptor` in
 * whatever is shipped: a minifier that renames it makes its components impossible to find.
 *
 * ### Example
 * ```ts
 * references.getOptional(new Descriptor('*', 'discovery', '*', '*', '1.0'));
 * ```
 */
export class Descriptor implements IDescriptor {
  readonly #fields: Fields;

  /** Each part is a name; `*` or `null` matches anything. */
  constructor(
    group: string | null,
    type: string | null,
    kind: string | null,
    name: string | null,
    version: string | null,
  ) {
    this.#fields = [unlessAny(group), unlessAny(type), unlessAny(kind), unlessAny(name), unlessAny(version)];
  }

  getGroup(): string | null {
    return this.#fields[0];
  }

  getType(): string | null {
    return this.#fields[1];
  }

  getKind(): string | null {
    return this.#fields[2];
  }

  getName(): string | null {
    return this.#fields[3];
  }

  getVersion(): string | null {
    return this.#fields[4];
  }

  /** @returns whether each part is the same in both, or matches anything in one of them. */
  match(descriptor: IDescriptor): boolean {
    return matchDescriptors(this, descriptor);
  }

  /** @returns whether each part is the same in both; one that matches anything is equal to its like only. */
  exactMatch(descriptor: IDescriptor): boolean {
    const others = fieldsOf(descriptor);
    return this.#fields.every((field, at) => field === others[at]);
  }

  /** @returns whether no part matches anything. */
  isComplete(): boolean {
    return this.#fields.every((field) => field !== null);
  }

  /** @returns whether the value is a descriptor, of this library or of Pip.Services v4, that {@link match | matches}. */
  equals(value: unknown): boolean {
    return isDescriptor(value) && this.match(value);
  }

  /** @returns the parts between colons, such as `pip-services:lock:redlock:*:1.0`. */
  toString(): string {
    return this.#fields.map((field) => field || '*').join(':');
  }

  /**
   * Reads `group:type:kind:name:version`.
   *
   * @throws ConfigException BAD_DESCRIPTOR when the string has not five parts
   */
  static fromString(value: string): Descriptor {
    const [group, type, kind, name, version, ...more] = value.split(':').map((part) => part.trim());
    if (!group || !type || !kind || !name || !version || more.length > 0) {
      const message = `'${value}' is not a descriptor: group:type:kind:name:version is needed`;
      throw new ConfigException(undefined, ErrorCode.BAD_DESCRIPTOR, message).withDetails('descriptor', value);
    }
    return new Descriptor(group, type, kind, name, version);
  }
}

/**
 * Recognises the descriptors of either library. An `instanceof` would know one copy of one class; an application has
 * its own copy of Pip.Services beside this one.
 *
 * @internal
 */
export function isDescriptor(value: unknown): value is IDescriptor {
  return typeof value === 'object' && value !== null && value.constructor?.name === 'Descriptor';
}

/** @internal @returns whether two descriptors, each of either library, have each part the same or open. */
export function matchDescriptors(one: IDescriptor, other: IDescriptor): boolean {
  const others = fieldsOf(other);
  return fieldsOf(one).every((field, at) => field === null || others[at] === null || field === others[at]);
}

function unlessAny(field: string | null): string | null {
  return field === '*' ? null : field;
}

function fieldsOf(descriptor: IDescriptor): Fields {
  return [
    descriptor.getGroup() ?? null,
    descriptor.getType() ?? null,
    descriptor.getKind() ?? null,
    descriptor.getName() ?? null,
    descriptor.getVersion() ?? null,
  ];
}

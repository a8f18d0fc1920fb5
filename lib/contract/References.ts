import { InternalException } from 'pip-services4-commons-node';
import { isDescriptor, matchDescriptors } from './Descriptor';
import { ErrorCode } from './ErrorCode';

/**
 * The components of an application by their locators, usually descriptors. Where a shape of Pip.Services v4 says `T`,
 * the "optional" methods may give `null` all the same.
 */
export interface IReferences {
  put(locator: unknown, component: unknown): void;
  remove(locator: unknown): unknown;
  removeAll(locator: unknown): unknown[];
  getAllLocators(): unknown[];
  getAll(): unknown[];
  getOptional<T>(locator: unknown): T[];
  getRequired<T>(locator: unknown): T[];
  getOneOptional<T>(locator: unknown): T;
  getOneRequired<T>(locator: unknown): T;
  find<T>(locator: unknown, required: boolean): T[];
}

interface Entry {
  readonly locator: unknown;
  readonly component: unknown;
}

/**
 * A list of components that are found by descriptor, by any other locator, or by themselves. What was put in last is
 * found first, so that an application overrides a default by putting its own after it.
 *
 * ### Example
 * ```ts
 * const references = References.fromTuples(new Descriptor('app', 'discovery', 'memory', 'default', '1.0'), discovery);
 * lock.setReferences(references);
 * ```
 */
export class References implements IReferences {
  #entries: Entry[] = [];

  /** @param tuples - locator1, component1, locator2, component2, ... */
  constructor(tuples: readonly unknown[] = []) {
    for (let at = 0; at + 1 < tuples.length; at += 2) this.put(tuples[at], tuples[at + 1]);
  }

  /** @throws InternalException REF_ERROR when there is no component to put */
  put(locator: unknown, component: unknown): void {
    if (component === null || component === undefined) throw refError(locator, 'has no component');
    this.#entries.push({ locator, component });
  }

  /** Removes the one that would be found first. @returns it, or `null` where nothing matches. */
  remove(locator: unknown): unknown {
    const found = this.#entries.findLast((entry) => matches(entry, locator));
    if (found === undefined) return null;
    this.#entries = this.#entries.filter((entry) => entry !== found);
    return found.component;
  }

  /** @returns all that were removed, in the order in which they would be found. */
  removeAll(locator: unknown): unknown[] {
    const removed = this.getOptional(locator);
    this.#entries = this.#entries.filter((entry) => !matches(entry, locator));
    return removed;
  }

  /** @returns the locators in the order in which they were put. */
  getAllLocators(): unknown[] {
    return this.#entries.map((entry) => entry.locator);
  }

  /** @returns the components in the order in which they were put. */
  getAll(): unknown[] {
    return this.#entries.map((entry) => entry.component);
  }

  /** @returns all that match, the last put first. */
  getOptional<T>(locator: unknown): T[] {
    const found = this.#entries.filter((entry) => matches(entry, locator)).reverse();
    return found.map((entry) => entry.component as T);
  }

  /** @throws InternalException REF_ERROR when nothing matches */
  getRequired<T>(locator: unknown): T[] {
    return this.find<T>(locator, true);
  }

  /** @returns the last put of those that match, `null` where none does. */
  getOneOptional<T>(locator: unknown): T {
    // The shape of Pip.Services says T, from a time without strict nulls; its own class gives null too.
    return this.getOptional<T>(locator)[0] ?? (null as T);
  }

  /** @throws InternalException REF_ERROR when nothing matches */
  getOneRequired<T>(locator: unknown): T {
    return this.getRequired<T>(locator)[0] as T;
  }

  /** @throws InternalException REF_ERROR when one is required and nothing matches */
  find<T>(locator: unknown, required: boolean): T[] {
    const found = this.getOptional<T>(locator);
    if (required && found.length === 0) throw refError(locator, 'is not in the references');
    return found;
  }

  /** @param tuples - locator1, component1, locator2, component2, ... */
  static fromTuples(...tuples: unknown[]): References {
    return new References(tuples);
  }
}

function matches(entry: Entry, locator: unknown): boolean {
  if (locator === null || locator === undefined) return false;
  if (entry.component === locator || entry.locator === locator) return true;
  return isDescriptor(entry.locator) && isDescriptor(locator) && matchDescriptors(entry.locator, locator);
}

function refError(locator: unknown, problem: string): Error {
  const message = `The component for ${String(locator)} ${problem}`;
  return new InternalException(undefined, ErrorCode.REF_ERROR, message).withDetails('locator', String(locator));
}

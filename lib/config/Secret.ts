import { inspect } from 'node:util';

/**
 * A password or a private key. It prints as `***` wherever an object around it is logged, inspected, joined to a
 * string or written as JSON; only {@link reveal} gives it away, so that the places which do can be found by that name.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** @returns the secret itself. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '***';
  }

  toJSON(): string {
    return '***';
  }

  [inspect.custom](): string {
    return '***';
  }
}

/**
 * Numbers that a seed alone decides (the mulberry32 generator). The path names what they are drawn for: each part of a
 * schedule has numbers of its own, and a change in one does not shift those of the others.
 */
export class Random {
  #state: number;

  constructor(seed: number, ...path: readonly (string | number)[]) {
    this.#state = seed >>> 0;
    for (const character of path.join('/')) {
      this.#state = Math.imul(this.#state ^ character.charCodeAt(0), 0x01000193) >>> 0;
      this.#state = this.next() * 0x1_0000_0000;
    }
  }

  /** From 0 to below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  }

  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number {
    return Math.floor(low + this.next() * (high - low + 1));
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of the items, of which there is at least one. */
  pick<T>(items: readonly T[]): T {
    return items[this.whole(0, items.length - 1)] as T;
  }

  /** So many different ones of the items. */
  sample<T>(items: readonly T[], count: number): readonly T[] {
    const left = [...items];
    return Array.from({ length: count }, () => left.splice(this.whole(0, left.length - 1), 1)).flat();
  }
}

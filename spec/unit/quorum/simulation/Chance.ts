/** Numbers that a seed alone decides (xorshift, in 32 bits: a million acquisitions draw some fifty million of them). */
export class Chance {
  #state: number;

  constructor(seed: number) {
    // Seeds that are near one another would begin alike.
    this.#state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) | 1;
    for (let turn = 0; turn < 8; turn += 1) this.below(2);
  }

  /** A whole number from 0 to below `limit`, which is at most 2 ** 20. */
  below(limit: number): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return Math.floor(((state >>> 0) / 0x1_0000_0000) * limit);
  }

  /** From `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** True once in so many times. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }
}

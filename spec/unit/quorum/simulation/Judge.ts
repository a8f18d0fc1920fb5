import { KEYS } from './settings';

/** Sees all that is handed out, in its order, and what the naive protocol would have handed out in its place. */
export class Judge {
  acquired = 0;
  /** Tokens that are not above the one before, of the same key. */
  fallsBack = 0;
  naiveFallsBack = 0;
  /** Handed out while another still had the lock: no token can mend that. */
  overlaps = 0;
  /** The first token that fell back, in words. */
  first: string | null = null;
  readonly #last = new Float64Array(KEYS);
  readonly #naiveLast = new Float64Array(KEYS);
  readonly #validUntil = new Float64Array(KEYS);

  handOut(key: number, token: number, naive: number, now: number, validUntil: number): void {
    const last = this.#last[key] as number;
    this.acquired += 1;
    if (token <= last) {
      this.fallsBack += 1;
      this.first ??= `${token} after ${last} of key ${key} at ${now}`;
    }
    if (naive <= (this.#naiveLast[key] as number)) this.naiveFallsBack += 1;
    if (now < (this.#validUntil[key] as number)) this.overlaps += 1;
    this.#last[key] = token;
    this.#naiveLast[key] = naive;
    this.#validUntil[key] = validUntil;
  }

  /** Its holder does not hold it any more: has released it, or is gone. */
  over(key: number): void {
    this.#validUntil[key] = 0;
  }
}

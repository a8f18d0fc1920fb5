import type { Waiter } from '../wait/Lines';
import type { Lease } from './Lease';

const FIRST_SWEEP = 1024;

/** A lock that is held, and the place in the line for its key that goes with it. */
export interface Holding {
  readonly lease: Lease;
  readonly waiter: Waiter;
}

/**
 * What this instance holds, by key. A lock that ran out and was never released is forgotten in time, so that callers
 * who leave it to the ttl do not fill the memory.
 */
export class HeldLocks {
  readonly #holdings = new Map<string, Holding>();
  #sweepAt = FIRST_SWEEP;

  /** How many locks are held now. */
  get size(): number {
    return this.valid().length;
  }

  /** The locks that are held now. */
  valid(): Lease[] {
    return [...this.#holdings.values()].map(({ lease }) => lease).filter((lease) => lease.isValid());
  }

  /** Keeps a lease of one key. */
  add(key: string, holding: Holding): void {
    if (this.#holdings.size >= this.#sweepAt) this.#sweep();
    this.#holdings.set(key, holding);
  }

  /** Forgets the key, and returns what stood under it, run out or not; null when there is nothing. */
  take(key: string): Holding | null {
    const holding = this.#holdings.get(key) ?? null;
    this.#holdings.delete(key);
    return holding;
  }

  /** Each sweep doubles the distance to the next, so its cost per lock stays the same. */
  #sweep(): void {
    for (const [key, { lease, waiter }] of this.#holdings) {
      if (lease.isValid()) continue;
      this.#holdings.delete(key);
      waiter.leave();
    }
    this.#sweepAt = Math.max(FIRST_SWEEP, 2 * this.#holdings.size);
  }
}

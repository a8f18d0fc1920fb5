import type { Lease } from './Lease';

const FIRST_SWEEP = 1024;

/**
 * What this instance holds, by key. A lock that ran out and was never released is forgotten in time, so that callers
 * who leave it to the ttl do not fill the memory.
 */
export class HeldLocks {
  readonly #leases = new Map<string, Lease>();
  #sweepAt = FIRST_SWEEP;

  /** How many locks are held now. */
  get size(): number {
    return this.valid().length;
  }

  /** The locks that are held now. */
  valid(): Lease[] {
    return [...this.#leases.values()].filter((lease) => lease.isValid());
  }

  /** Whether the key is held now. */
  has(key: string): boolean {
    return this.#leases.get(key)?.isValid() ?? false;
  }

  /** Keeps a lease of one key. */
  add(key: string, lease: Lease): void {
    if (this.#leases.size >= this.#sweepAt) this.#sweep();
    this.#leases.set(key, lease);
  }

  /** Forgets the key, and returns the lease that stood under it, run out or not; null when there is none. */
  take(key: string): Lease | null {
    const lease = this.#leases.get(key) ?? null;
    this.#leases.delete(key);
    return lease;
  }

  /** Each sweep doubles the distance to the next, so its cost per lock stays the same. */
  #sweep(): void {
    for (const [key, lease] of this.#leases) {
      if (!lease.isValid()) this.#leases.delete(key);
    }
    this.#sweepAt = Math.max(FIRST_SWEEP, 2 * this.#leases.size);
  }
}

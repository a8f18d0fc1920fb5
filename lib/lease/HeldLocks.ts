import { Sleeper } from '../wait/Sleeper';
import type { Lease } from './Lease';

const FIRST_SWEEP = 1024;

/**
 * What this instance holds. A lock that ran out and was never released is forgotten in time, so that callers who leave
 * it to the ttl do not fill the memory.
 */
export class HeldLocks {
  /** With what is to be done when one has run out and is forgotten. */
  readonly #leases = new Map<Lease, () => void>();
  /** Those that were acquired by key, and are released by key. */
  readonly #byKey = new Map<string, Lease>();
  #sweepAt = FIRST_SWEEP;
  readonly #draining = new Sleeper();

  /** How many locks are held now. */
  get size(): number {
    return this.valid().length;
  }

  /** The locks that are held now. */
  valid(): Lease[] {
    return [...this.#leases.keys()].filter((lease) => lease.isValid());
  }

  /** @param onForgotten is called where it ran out, and nobody has released it since */
  add(lease: Lease, onForgotten: () => void): void {
    if (this.#leases.size >= this.#sweepAt) this.#sweep();
    this.#leases.set(lease, onForgotten);
  }

  remove(lease: Lease): void {
    this.#forget(lease);
    if (this.#leases.size === 0) this.#draining.wake('turn');
  }

  /** Resolves when nothing is held any more, and after `ms` at the latest. For when nothing new is added. */
  async drained(ms: number): Promise<void> {
    this.#sweep();
    if (this.#leases.size === 0) return;
    // A lock that runs out is held no more, though nobody looks.
    for (const lease of this.#leases.keys()) lease.watch();
    await this.#draining.sleep(performance.now() + ms, null);
  }

  /** Has the lease found by {@link take}, in place of an earlier one of the key. */
  nameByKey(key: string, lease: Lease): void {
    this.#byKey.set(key, lease);
  }

  /** Forgets the key, and returns the lease that was named by it, run out or not; null when there is none. */
  take(key: string): Lease | null {
    const lease = this.#byKey.get(key) ?? null;
    this.#byKey.delete(key);
    return lease;
  }

  /** Each sweep doubles the distance to the next, so its cost per lock stays the same. */
  #sweep(): void {
    for (const [lease, onForgotten] of this.#leases) {
      if (lease.isValid()) continue;
      this.#forget(lease);
      onForgotten();
    }
    this.#sweepAt = Math.max(FIRST_SWEEP, 2 * this.#leases.size);
  }

  #forget(lease: Lease): void {
    this.#leases.delete(lease);
    for (const key of lease.keys) {
      if (this.#byKey.get(key) === lease) this.#byKey.delete(key);
    }
  }
}

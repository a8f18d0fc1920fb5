import type { Lease } from './Lease';

interface Renewal {
  readonly lease: Lease;
  readonly ttlMs: number;
}

/** A shorter ttl is none. */
const SHORTEST_MS = 10;

/** Leases that are due within so many ms of each other are renewed together. */
const TOGETHER_MS = 25;

/**
 * Renews leases at a third of their ttl, for as long as they are held. All of them share one timer, and those that are
 * due together go out in the same turn of the loop: one write for each master, and one read.
 */
export class Renewals {
  readonly #due = new Map<number, Renewal[]>();
  #timer: NodeJS.Timeout | null = null;
  #timerMs = Infinity;
  #isClosed = false;

  /**
   * @param ttlMs for how long each renewal keeps it
   */
  add(lease: Lease, ttlMs: number): void {
    // Renewals end with its validity: that is not to pass in silence.
    lease.watch();
    this.#plan({ lease, ttlMs }, ttlMs / 3);
  }

  close(): void {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#due.clear();
  }

  #plan(renewal: Renewal, inMs: number): void {
    if (this.#isClosed) return;
    const stepMs = Math.max(1, Math.min(TOGETHER_MS, Math.floor(renewal.ttlMs / 30)));
    const dueMs = Math.floor((performance.now() + inMs) / stepMs) * stepMs;
    const together = this.#due.get(dueMs);
    if (together === undefined) this.#due.set(dueMs, [renewal]);
    else together.push(renewal);
    if (dueMs < this.#timerMs) this.#arm(dueMs);
  }

  #arm(dueMs: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timerMs = dueMs;
    this.#timer = dueMs === Infinity ? null : setTimeout(this.#look, Math.max(0, dueMs - performance.now())).unref();
  }

  readonly #look = (): void => {
    const nowMs = performance.now();
    for (const [dueMs, together] of this.#due) {
      if (dueMs > nowMs) continue;
      this.#due.delete(dueMs);
      for (const renewal of together) void this.#renew(renewal);
    }
    this.#arm(Math.min(...this.#due.keys()));
  };

  async #renew(renewal: Renewal): Promise<void> {
    const { lease, ttlMs } = renewal;
    // There is nothing to keep. Where a clock was set forward its holder is told now: the lock would seem to be held again
    // when the clock is set right, and nobody would renew it.
    if (!lease.isValid()) return lease.verify();
    const newlyMs = (): number => {
      const forMs = Math.min(ttlMs, lease.mayHoldMs());
      // Its holder may have extended it for longer, and may make that shorter again.
      return forMs >= SHORTEST_MS && forMs > lease.remaining() ? forMs : 0;
    };
    try {
      await lease.renew(newlyMs);
      if (lease.mayHoldMs() >= SHORTEST_MS) this.#plan(renewal, ttlMs / 3);
    } catch {
      // Lost: whoever watches the lease knows. Undecided: it is tried again for as long as it is held.
      if (lease.isValid()) this.#plan(renewal, Math.min(ttlMs / 10, lease.remaining() / 3));
      else await lease.verify();
    }
  }
}

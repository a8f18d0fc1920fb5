/** A lock that a master may still hold, though nobody owns it any more. */
export interface Debt {
  readonly token: string;
  readonly keys: readonly string[];
}

interface Entry extends Debt {
  /** On the monotonic clock; Infinity while the master may still run the acquire. */
  readonly endsMs: number;
}

const MOST = 10_000;

/**
 * What has to be taken back from one master before it may be asked anything: locks whose acquire was lost on its way or
 * whose release was not confirmed. Bounded: beyond the bound the master is remembered to owe something, and for how
 * long, but not what.
 */
export class Debts {
  readonly #entries = new Map<string, Entry>();
  #overflowTtlMs = 0;
  #clearAtMs: number | null = null;

  constructor(private readonly most = MOST) {}

  /** How many are remembered one by one. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * @param ttlMs for how long the master holds it, once it does
   * @param hasRun whether it is known to hold it already: then it ends by itself. An acquire that was lost may run as
   *   late as the moment in which its connection ends on the master's side, and is remembered until then
   */
  add(debt: Debt, ttlMs: number, hasRun: boolean): void {
    if (this.#entries.size >= this.most) this.#dropEnded();
    if (this.#entries.size >= this.most) {
      this.#overflowTtlMs = Math.max(this.#overflowTtlMs, ttlMs);
      this.#clearAtMs = null;
      return;
    }
    const endsMs = hasRun ? performance.now() + ttlMs : Infinity;
    this.#entries.set(debt.token, { ...debt, endsMs });
  }

  /** What is to be taken back now. */
  due(): readonly Debt[] {
    this.#dropEnded();
    return [...this.#entries.values()];
  }

  /** It was taken back. */
  settle(debt: Debt): void {
    this.#entries.delete(debt.token);
  }

  /**
   * To be asked once nothing of an earlier connection can run any more: for how long the master may still hold what
   * there was no room to remember, in ms; 0 when there is nothing.
   */
  overflowMs(): number {
    if (this.#overflowTtlMs === 0) return 0;
    this.#clearAtMs ??= performance.now() + this.#overflowTtlMs;
    const leftMs = this.#clearAtMs - performance.now();
    if (leftMs > 0) return leftMs;
    this.#overflowTtlMs = 0;
    this.#clearAtMs = null;
    return 0;
  }

  #dropEnded(): void {
    const nowMs = performance.now();
    for (const [token, { endsMs }] of this.#entries) {
      if (endsMs <= nowMs) this.#entries.delete(token);
    }
  }
}

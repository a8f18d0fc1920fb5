/** A lock that a master may still hold, though nobody owns it any more. */
export interface Debt {
  readonly token: string;
  readonly keys: readonly string[];
}

interface Entry extends Debt {
  /** On the monotonic clock; Infinity while the master may still run the acquire. */
  readonly endsMs: number;
  readonly bytes: number;
}

const MOST_BYTES = 64 * 1024 * 1024;

/** What an entry takes beside its keys and its token, roughly. */
const ENTRY_BYTES = 100;

/** Entries that have ended are looked for at most so often, in ms: a look goes through all of them. */
const SWEEP_EVERY_MS = 1000;

/**
 * What has to be taken back from one master before it may be asked anything: locks whose acquire was lost on its way or
 * whose release was not confirmed. Bounded: beyond the bound the master is remembered to owe something, and for how
 * long, but not what.
 */
export class Debts {
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;
  #sweptMs = -Infinity;
  #overflowTtlMs = 0;
  #clearAtMs: number | null = null;

  constructor(private readonly mostBytes = MOST_BYTES) {}

  /** How many are remembered one by one. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * @param ttlMs for how long the master holds it, once it does
   * @param hasRun whether it is known to hold it already: then it ends by itself. An acquire that was lost may run as
   *   late as the moment in which its connection ends on the master's side, and is remembered until then
   */
  add({ token, keys }: Debt, ttlMs: number, hasRun: boolean): void {
    const known = this.#entries.get(token);
    const endsMs = Math.max(known?.endsMs ?? 0, hasRun ? performance.now() + ttlMs : Infinity);
    const bytes = [token, ...keys].reduce((sum, text) => sum + Buffer.byteLength(text), ENTRY_BYTES);
    if (known === undefined && this.#isFullWith(bytes)) {
      this.#overflowTtlMs = Math.max(this.#overflowTtlMs, ttlMs);
      this.#clearAtMs = null;
      return;
    }
    this.#remove(known);
    this.#entries.set(token, { token, keys, endsMs, bytes });
    this.#bytes += bytes;
  }

  /** What is to be taken back now, so many at most; the first of them first. */
  due(most: number): readonly Debt[] {
    const nowMs = performance.now();
    const due: Debt[] = [];
    for (const entry of this.#entries.values()) {
      if (due.length === most) break;
      if (entry.endsMs <= nowMs) this.#remove(entry);
      else due.push(entry);
    }
    return due;
  }

  /** It was taken back. What was added meanwhile under the same token stays. */
  settle(debt: Debt): void {
    const entry = this.#entries.get(debt.token);
    if (entry === debt) this.#remove(entry);
  }

  /** The master has refused it: those behind it have their turn first. */
  postpone(debt: Debt): void {
    const entry = this.#entries.get(debt.token);
    if (entry !== debt) return;
    this.#entries.delete(debt.token);
    this.#entries.set(debt.token, entry);
  }

  /** Whether there was more than could be remembered. */
  get isOverflowing(): boolean {
    return this.#overflowTtlMs > 0;
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

  #isFullWith(bytes: number): boolean {
    if (this.#bytes + bytes > this.mostBytes) this.#sweep();
    return this.#bytes + bytes > this.mostBytes;
  }

  #sweep(): void {
    const nowMs = performance.now();
    if (nowMs - this.#sweptMs < SWEEP_EVERY_MS) return;
    this.#sweptMs = nowMs;
    for (const entry of this.#entries.values()) if (entry.endsMs <= nowMs) this.#remove(entry);
  }

  #remove(entry: Entry | undefined): void {
    if (entry === undefined) return;
    this.#entries.delete(entry.token);
    this.#bytes -= entry.bytes;
  }
}

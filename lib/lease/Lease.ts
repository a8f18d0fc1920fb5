import type { Answer } from '../quorum/Ballot';
import type { Grant, Released } from '../quorum/Rounds';

/** Gives a grant back. */
export interface Releaser {
  release(grant: Grant): Promise<Released>;
}

/** What came of giving a lock back. `expired` and `taken` are no failures: the lock had gone before. */
export type ReleaseOutcome =
  | { readonly kind: 'released'; readonly hasWoken: boolean }
  | { readonly kind: 'expired' | 'taken' }
  /** Too few masters answered to say. The lock ends with its ttl at the latest. */
  | { readonly kind: 'unreachable'; readonly answers: readonly Answer[] };

/** A lock that is held: for how long it is certain to be, and how to end it. */
export class Lease {
  // The grant holds the token.
  readonly #grant: Grant;

  constructor(
    /** The keys that are held, as the caller named them. */
    readonly keys: readonly string[],
    grant: Grant,
    private readonly releaser: Releaser,
  ) {
    this.#grant = grant;
  }

  /** For how much longer the lock is certain to be held, in ms; 0 when it is not. */
  remaining(): number {
    return Math.max(0, this.#grant.validForMs - this.#grant.stopwatch.elapsedMs());
  }

  /** Whether the lock is certain to be held now. */
  isValid(): boolean {
    return this.remaining() > 0;
  }

  /**
   * Ends the lock. Does not throw because it has already gone: an expired one settles at once, while its last traces
   * (the masters keep it for as long as clocks may drift) are removed behind.
   */
  async release(): Promise<ReleaseOutcome> {
    const released = this.releaser.release(this.#grant);
    if (!this.isValid()) return { kind: 'expired' };
    const { verdict, ballot } = await released;
    switch (verdict) {
      case 'granted':
        return { kind: 'released', hasWoken: ballot.hasWoken };
      case 'taken':
        return { kind: 'taken' };
      case 'no-quorum':
        return { kind: 'unreachable', answers: ballot.answers };
    }
  }
}

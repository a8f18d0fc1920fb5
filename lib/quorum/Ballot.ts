import type { MasterError } from '../master/MasterError';

/** What one master said in one round. Silent, refused and late masters cast no vote. */
export type Vote =
  | { readonly kind: 'granted' }
  /**
   * Held by another, for `remainingMs` more; null where the key never expires or its holder was not seen. `rank` is how
   * many stand before the caller in the master's line; null where it has no place in it.
   */
  | { readonly kind: 'taken'; readonly remainingMs: number | null; readonly rank: number | null }
  | { readonly kind: 'none'; readonly error: MasterError };

export const GRANTED: Vote = { kind: 'granted' };
/** The token does not stand there any more, or never did. */
export const GONE: Vote = { kind: 'taken', remainingMs: null, rank: null };

/** What a round comes to. */
export type Verdict = 'granted' | 'taken' | 'no-quorum';

/** A vote beside the master that cast it; null while it has not. */
export interface Answer {
  readonly address: string;
  readonly vote: Vote | null;
}

/** The votes of one round over `addresses.length` masters, of which `quorum` have to agree. */
export class Ballot {
  /** The token that the round is about. A secret: whoever knows it can release the lock. */
  token = '';
  /** By which token it was held before it was taken over; a master that has missed that still knows it by this one. */
  former: string | null = null;
  /** Nobody wants the lock any more: an acquire that the server has not run yet must not be sent again. */
  isGivenBack = false;
  /** Of what was granted: the longest ttl that a master may have been asked to extend it by, in ms. */
  longestTtlMs = 0;
  /** Of what was granted: the masters that are just being given it back, by their places. */
  healing: Map<number, Promise<void>> | null = null;
  /** Of a release: somebody was waiting, and was told. */
  hasWoken = false;
  /** Called when the last master has voted, which may be long after the verdict. */
  onComplete: (() => void) | null = null;
  readonly #votes: (Vote | null)[];
  #granted = 0;
  #taken = 0;
  #none = 0;
  /** Who waits for something in the votes; looking once too often does no harm. */
  readonly #waiting: (() => void)[] = [];

  constructor(
    private readonly addresses: readonly string[],
    private readonly quorum: number,
  ) {
    this.#votes = new Array<Vote | null>(addresses.length).fill(null);
  }

  /** Settles as soon as no vote that is still out could change it. Every master answers in bounded time, so it does. */
  verdict(): Promise<Verdict> {
    return this.#once(() => this.#decide());
  }

  /** Resolves when every master has voted. They all do, in bounded time. */
  complete(): Promise<true> {
    return this.#once(() => (this.#pending === 0 ? true : null));
  }

  /** Resolves as soon as any master has granted it, to true, or when it is certain that none does, to false. */
  grantedAnywhere(): Promise<boolean> {
    return this.#once(() => (this.#granted > 0 ? true : this.#pending === 0 ? false : null));
  }

  /** Every master's answer so far. */
  get answers(): readonly Answer[] {
    return this.addresses.map((address, index) => ({ address, vote: this.#votes[index] ?? null }));
  }

  /** Whether any master has granted it so far. */
  get isGrantedAnywhere(): boolean {
    return this.#granted > 0;
  }

  /** The vote of one master; null while it has not answered. */
  voteOf(index: number): Vote | null {
    return this.#votes[index] ?? null;
  }

  /** What one master holds has changed since it voted. */
  amend(index: number, vote: Vote): void {
    this.#votes[index] = vote;
  }

  /** Counts the vote of one master. */
  cast(index: number, vote: Vote): void {
    this.#votes[index] = vote;
    if (vote.kind === 'granted') this.#granted += 1;
    else if (vote.kind === 'taken') this.#taken += 1;
    else this.#none += 1;
    for (const look of this.#waiting) look();
    if (this.#pending === 0) this.onComplete?.();
  }

  /** What is to be seen in the votes, as soon as it is not null. */
  #once<T>(see: () => T | null): Promise<T> {
    const now = see();
    if (now !== null) return Promise.resolve(now);
    return new Promise((resolve) => {
      this.#waiting.push(() => {
        const seen = see();
        if (seen !== null) resolve(seen);
      });
    });
  }

  get #pending(): number {
    return this.#votes.length - this.#granted - this.#taken - this.#none;
  }

  /**
   * "Taken" is said only where it is certain that no quorum can be had now: enough masters refuse, or a quorum of them
   * answered and the votes are split. With fewer answers nobody knows who holds the lock.
   */
  #decide(): Verdict | null {
    const pending = this.#pending;
    const answered = this.#granted + this.#taken;
    const blocking = this.#votes.length - this.quorum + 1;
    if (this.#granted >= this.quorum) return 'granted';
    if (this.#granted + pending >= this.quorum) return null;
    if (this.#taken >= blocking || answered >= this.quorum) return 'taken';
    if (this.#taken + pending < blocking && answered + pending < this.quorum) return 'no-quorum';
    return null;
  }
}

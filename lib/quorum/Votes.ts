import type { MasterError } from '../master/MasterError';

/** What one master said in one round. Silent, refused and late masters cast no vote. */
export type Vote =
  /** It did what the round asks for. */
  | { readonly kind: 'granted' }
  /**
   * Held by another, for `remainingMs` more; null where the key never expires, and in {@link GONE}. `rank` is how
   * many stand before the caller in the master's line; null where it has no place in it.
   */
  | { readonly kind: 'taken'; readonly remainingMs: number | null; readonly rank: number | null }
  /** Of a release: the token does not stand there, and it is not known that it ever did. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'none'; readonly error: MasterError };

export const GRANTED: Vote = { kind: 'granted' };
/** The token stood there, and does not any more. */
export const GONE: Vote = { kind: 'taken', remainingMs: null, rank: null };
export const ABSENT: Vote = { kind: 'absent' };

/** What a round comes to. */
export type Verdict = 'granted' | 'taken' | 'no-quorum';

/** A vote beside the master that cast it; null while it has not. */
export interface Answer {
  readonly address: string;
  readonly vote: Vote | null;
}

/** How many masters cast each kind of vote, and how many have not voted yet. */
type Counts = Readonly<Record<Vote['kind'] | 'pending', number>>;

/** Decides what the votes come to; null while a vote that is still out could change it. */
export type Rule = (counts: Counts, masters: number, quorum: number) => Verdict | null;

/**
 * Of an acquire or an extension. "Taken" is said only where it is certain that no quorum can be had now: enough masters
 * refuse, or a quorum of them answered and the votes are split. With fewer answers nobody knows who holds the lock.
 */
export const quorumOfGrants: Rule = ({ granted, taken, pending }, masters, quorum) => {
  const answered = granted + taken;
  const blocking = masters - quorum + 1;
  if (granted >= quorum) return 'granted';
  if (granted + pending >= quorum) return null;
  if (taken >= blocking || answered >= quorum) return 'taken';
  if (taken + pending < blocking && answered + pending < quorum) return 'no-quorum';
  return null;
};

/**
 * Of a release. It is granted where a master deleted the lock, and a quorum says that it does not stand there any more:
 * then others can have it. It is taken where so many masters had lost it before, or never had it, that no quorum held it.
 */
export const quorumWithout: Rule = ({ granted, taken, absent, pending }, masters, quorum) => {
  const blocking = masters - quorum + 1;
  if (taken + absent >= blocking) return 'taken';
  if (taken + absent + pending >= blocking) return null;
  const without = granted + taken + absent;
  if (granted > 0 && without >= quorum) return 'granted';
  return pending === 0 || without + pending < quorum ? 'no-quorum' : null;
};

/** The votes of one round over `addresses.length` masters, of which `quorum` have to agree. */
export class Votes {
  /** Called when the last master has voted, which may be long after the verdict. */
  onComplete: (() => void) | null = null;
  readonly #votes: (Vote | null)[];
  readonly #counts: Record<Vote['kind'] | 'pending', number>;
  /** Who waits for something in the votes; looking once too often does no harm. */
  readonly #waiting: (() => void)[] = [];

  constructor(
    private readonly addresses: readonly string[],
    private readonly quorum: number,
    private readonly rule: Rule,
  ) {
    this.#votes = new Array<Vote | null>(addresses.length).fill(null);
    this.#counts = { granted: 0, taken: 0, absent: 0, none: 0, pending: addresses.length };
  }

  /** Settles as soon as no vote that is still out could change it. Every master answers in bounded time, so it does. */
  verdict(): Promise<Verdict> {
    return this.#once(() => this.rule(this.#counts, this.addresses.length, this.quorum));
  }

  /** Resolves when every master has voted. They all do, in bounded time. */
  complete(): Promise<true> {
    return this.#once(() => (this.isComplete ? true : null));
  }

  /** Resolves as soon as any master has granted it, to true, or when it is certain that none does, to false. */
  grantedAnywhere(): Promise<boolean> {
    return this.#once(() => (this.count('granted') > 0 ? true : this.isComplete ? false : null));
  }

  /** Every master's answer so far. */
  get answers(): readonly Answer[] {
    return this.addresses.map((address, index) => ({ address, vote: this.#votes[index] ?? null }));
  }

  get isComplete(): boolean {
    return this.#counts.pending === 0;
  }

  /** How many votes of one kind were cast so far. */
  count(kind: Vote['kind']): number {
    return this.#counts[kind];
  }

  /** Counts the vote of one master. */
  cast(index: number, vote: Vote): void {
    this.#votes[index] = vote;
    this.#counts[vote.kind] += 1;
    this.#counts.pending -= 1;
    for (const look of this.#waiting) look();
    if (this.isComplete) this.onComplete?.();
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
}

import type { Stopwatch } from './Stopwatch';
import type { Answer, Verdict, Votes } from './Votes';

/** Whether one master holds a lock. */
export type Copy =
  /** A command that writes it there is under way. */
  | 'pending'
  | 'held'
  /** It has refused the lock. */
  | 'absent'
  /** It could not say. */
  | 'unknown';

/** For how long a lock is certain to be held. */
export interface Term {
  /** Was started before the round was sent. */
  readonly stopwatch: Stopwatch;
  readonly ttlMs: number;
  /** In ms, counted by `stopwatch`. */
  readonly validForMs: number;
}

/**
 * One lock as its masters may hold it. It has the lock's tokens, which are secrets: whoever knows one can release the
 * lock. Keep it out of logs. Only the rounds change it.
 */
export class Hold {
  /** Nobody wants the lock any more: a command that the server has not run yet must not be sent again. */
  isReleased = false;
  /** The last extension that was sent: what an earlier one has found out may be of no use any more. */
  lastExtension: Votes | null = null;
  /** Null where none was asked for. */
  fencingToken: number | null = null;
  readonly #copies: Copy[];
  #pending: number;
  readonly #onSettled: (() => void)[] = [];

  /**
   * @param keys as the masters know them
   * @param formerTokens by which the lock was held before it was taken over, however often; a master that has missed a
   *   take-over still knows it by one of them
   * @param longestTtlMs the longest ttl that a master may have been asked to hold it for
   */
  constructor(
    readonly keys: readonly string[],
    readonly token: string,
    readonly formerTokens: readonly string[],
    public longestTtlMs: number,
    masters: number,
    copy: Copy,
  ) {
    this.#copies = new Array<Copy>(masters).fill(copy);
    this.#pending = copy === 'pending' ? masters : 0;
  }

  copyOn(index: number): Copy {
    return this.#copies[index] ?? 'unknown';
  }

  /** The masters where a command that writes the lock is under way. */
  get pending(): readonly number[] {
    return [...this.#copies.keys()].filter((index) => this.#copies[index] === 'pending');
  }

  record(index: number, copy: Copy): void {
    if (this.#copies[index] === 'pending') this.#pending -= 1;
    if (copy === 'pending') this.#pending += 1;
    this.#copies[index] = copy;
    if (this.#pending === 0) for (const resolve of this.#onSettled.splice(0)) resolve();
  }

  /** Resolves when no command that writes the lock is under way. Every master answers in bounded time, so it does. */
  settled(): Promise<void> {
    if (this.#pending === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onSettled.push(resolve));
  }
}

/** An attempt that came to nothing. */
export interface Refused {
  readonly kind: 'taken' | 'no-quorum';
  readonly answers: readonly Answer[];
}

/** A lock that a quorum of masters has granted. */
export interface Granted {
  readonly kind: 'granted';
  readonly hold: Hold;
  readonly term: Term;
  readonly votes: Votes;
}

/** What came of one attempt. */
export type Acquired = Granted | Refused;

/** What came of keeping a lock for longer. */
export type Extended =
  /** A quorum still holds it, for so long. */
  | { readonly kind: 'kept'; readonly term: Term; readonly votes: Votes }
  /** So many masters have lost it that no quorum holds it. */
  | { readonly kind: 'lost'; readonly answers: readonly Answer[] }
  /** Too few could vote. */
  | { readonly kind: 'undecided'; readonly answers: readonly Answer[] };

/** What came of giving a lock back: `granted` says that it was given back, `taken` that it had gone before. */
export interface Released {
  readonly verdict: Verdict;
  readonly votes: Votes;
  /** Somebody of another process waits for it, and was told. */
  readonly hasWoken: boolean;
}

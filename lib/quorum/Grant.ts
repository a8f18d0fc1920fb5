import type { Answer, Ballot, Verdict } from './Ballot';
import type { Stopwatch } from './Stopwatch';

/** A lock that a quorum of masters has granted. It holds its token: keep it out of logs. */
export interface Grant {
  /** As the masters know them. */
  readonly keys: readonly string[];
  readonly ballot: Ballot;
  readonly stopwatch: Stopwatch;
  readonly ttlMs: number;
  /** In ms, counted by `stopwatch`, which was started before the round was sent. */
  readonly validForMs: number;
  /** Null where none was asked for. */
  readonly fencingToken: number | null;
}

/** An attempt that came to nothing. */
export interface Refused {
  readonly kind: 'taken' | 'no-quorum';
  readonly answers: readonly Answer[];
}

/** What came of one attempt. */
export type Acquired = { readonly kind: 'granted'; readonly grant: Grant } | Refused;

/** What came of keeping a lock for longer. */
export type Extended =
  /** A quorum still holds it, as the grant says. */
  | { readonly kind: 'kept'; readonly grant: Grant }
  /** So many masters have lost it that no quorum holds it. */
  | { readonly kind: 'lost'; readonly answers: readonly Answer[] }
  /** Too few answered to know. */
  | { readonly kind: 'undecided'; readonly answers: readonly Answer[] };

/** What came of giving a lock back: `granted` says that a quorum deleted it, `taken` that it had gone before. */
export interface Released {
  readonly verdict: Verdict;
  readonly ballot: Ballot;
}

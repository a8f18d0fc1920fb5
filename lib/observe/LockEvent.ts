import type { ContextLike } from '../contract/Context';

/** What the lock tells of itself. Nothing in an event is a secret: no password, no token. */
export type LockEvent =
  /** Something a careful operator would change. */
  | { readonly kind: 'warning'; readonly context: ContextLike; readonly message: string }
  /** It has a vote. */
  | { readonly kind: 'master-ready'; readonly label: string }
  /** It is connected to, and has no vote until its quarantine is over. */
  | { readonly kind: 'master-quarantined'; readonly label: string; readonly message: string }
  | { readonly kind: 'master-away'; readonly label: string; readonly fault: string; readonly message: string }
  | { readonly kind: 'acquired'; readonly context: ContextLike; readonly key: string; readonly tookMs: number }
  /** Held by another: a normal outcome, counted and not logged. */
  | { readonly kind: 'refused'; readonly context: ContextLike; readonly key: string }
  | {
      readonly kind: 'failed';
      readonly context: ContextLike;
      readonly operation: 'open' | 'acquire' | 'release';
      readonly error: Error;
      readonly tookMs: number;
    }
  | { readonly kind: 'released'; readonly context: ContextLike; readonly key: string }
  /** It was lost while somebody held it. */
  | { readonly kind: 'lost'; readonly context: ContextLike; readonly key: string }
  /** It was released too late: its ttl had passed, or another holds it by now. */
  | { readonly kind: 'gone'; readonly context: ContextLike; readonly key: string; readonly how: 'expired' | 'taken' };

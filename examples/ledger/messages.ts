import type { MasterStatus } from '../../lib/index';

/** What a worker tells the demo. */
export type WorkerMessage =
  /** It has its lock open and waits for {@link GO}. */
  | { readonly kind: 'ready' }
  /** One more line. */
  | {
      readonly kind: 'appended';
      /** How long it waited for the lock, in ms; null without a lock. */
      readonly waitMs: number | null;
      /** Whether enough masters confirmed the release. */
      readonly isReleased: boolean;
    }
  /** All its lines, and how it saw the masters at the end. */
  | { readonly kind: 'done'; readonly masters: readonly MasterStatus[] }
  | { readonly kind: 'failed'; readonly reason: string };

/** What the demo tells a worker once all are ready: they are to start together. */
export const GO = 'go';

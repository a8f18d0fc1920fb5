import type { CancelSignal } from '../contract/CancelSignal';

/** One key, or several that are held together. */
export type LockKeys = string | readonly string[];

/** How a lease that was taken over is kept. Null stands for an option that is left out. */
export interface AdoptOptions {
  /**
   * Keeps it for as long as the process lives and a quorum holds it, by renewals at a third of the ttl. Default false; for
   * `withLock`, which knows when the work ends, true.
   */
  readonly autoRenew?: boolean | null | undefined;
  /**
   * For how long it is held at most, in ms, whoever keeps it: the ttl, every renewal and every `extend` end with it.
   * Without end where it is left out.
   */
  readonly maxHold?: number | null | undefined;
}

/** How a lease is acquired and kept. */
export interface TryLeaseOptions extends AdoptOptions {
  /** Whether it gets a fencing token: usually without a further round trip. Default false. */
  readonly fencing?: boolean | null | undefined;
}

/** Options that ask for a fencing token. */
export type Fenced<Options extends TryLeaseOptions> = Options & { readonly fencing: true };

/** How a lease is waited for, acquired and kept. */
export interface LeaseOptions extends TryLeaseOptions {
  /** For how long to try, in ms; without it, `options.retries` decides alone. */
  readonly timeout?: number | null | undefined;
  /** Cancels the wait. */
  readonly signal?: CancelSignal | null | undefined;
}

/** How a lock is closed. */
export interface CloseOptions {
  /** For how long to wait for those who hold a lock to give it back, in ms from 0 to 2147483647. Default 0. */
  readonly drain?: number | null | undefined;
}

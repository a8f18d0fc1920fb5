/** How a lease is acquired and kept. */
export interface TryLeaseOptions {
  /** Keeps it for as long as the process lives and a quorum holds it, by renewals at a third of the ttl. Default false. */
  readonly autoRenew?: boolean;
  /** With `autoRenew`: for how long it is kept at most, in ms; without end where it is left out. */
  readonly maxHold?: number;
  /** Whether it gets a fencing token, which costs one more round trip. Default false. */
  readonly fencing?: boolean;
}

/** How a lease is waited for, acquired and kept. */
export interface LeaseOptions extends TryLeaseOptions {
  /** For how long to try, in ms; without it, `options.retries` decides alone. */
  readonly timeout?: number;
  /** Cancels the wait. */
  readonly signal?: AbortSignal;
}

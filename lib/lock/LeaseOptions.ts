/** How a lease is acquired and kept. */
export interface TryLeaseOptions {
  /** Keeps it for as long as the process lives and a quorum holds it, by renewals at a third of the ttl. Default false. */
  readonly autoRenew?: boolean | undefined;
  /** With `autoRenew`: renewals end so that it is held for so long at most, in ms; without end where it is left out. */
  readonly maxHold?: number | undefined;
  /** Whether it gets a fencing token: usually without a further round trip. Default false. */
  readonly fencing?: boolean | undefined;
}

/** How a lease is waited for, acquired and kept. */
export interface LeaseOptions extends TryLeaseOptions {
  /** For how long to try, in ms; without it, `options.retries` decides alone. */
  readonly timeout?: number | undefined;
  /** Cancels the wait. */
  readonly signal?: AbortSignal | undefined;
}

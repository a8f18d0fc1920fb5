/** What a worker is told over its channel. */
export type Order =
  /** Everything is healed: say so when every master serves you. */
  { readonly kind: 'report-served' } | { readonly kind: 'stop' };

/** What a worker says over its channel. */
export type Report =
  /** The lock is open; the moment is read from the worker's own clock. */
  { readonly kind: 'open'; readonly atMs: number } | { readonly kind: 'served' };

/** What one worker process is to do; handed over as its only argument, in JSON. */
export interface Job {
  readonly name: string;
  readonly seed: number;
  /** The path of the worker's own log. */
  readonly log: string;
  /** Where the masters are, as this worker reaches them. */
  readonly connections: readonly { readonly host: string; readonly port: number }[];
  readonly timing: Timing;
}

/** Every time that a worker goes by, in ms. */
export interface Timing {
  readonly nodeTimeoutMs: number;
  readonly connectTimeoutMs: number;
  /** The longest ttl of a contended lock: no longer than a master's quarantine, or it is outside the promise. */
  readonly longestTtlMs: number;
  /** 0 where the guard is off. */
  readonly restartGuardMs: number;
  /** Beyond the end of the run. */
  readonly probeTtlMs: number;
  /** What a call may take beyond what the library promises, since the machine has other things to do. */
  readonly slackMs: number;
}

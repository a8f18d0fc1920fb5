/** What becomes of the bytes between one worker and one master. */
export type LinkFault =
  /** None: what was held arrives now, and new connections are taken. */
  | { readonly kind: 'pass' }
  /** A black hole that keeps the bytes, to the master (`up`), from it (`down`) or both. */
  | { readonly kind: 'hold'; readonly way: 'up' | 'down' | 'both' }
  | { readonly kind: 'delay'; readonly ms: number }
  /** Answers arrive byte by byte. */
  | { readonly kind: 'trickle'; readonly everyMs: number }
  /** A black hole that forgets the bytes. */
  | { readonly kind: 'drop' }
  /** The connection is reset, and new ones are refused. */
  | { readonly kind: 'refuse' }
  /** The connection is reset; it may be made anew at once. */
  | { readonly kind: 'cut' }
  /** The master's side of the connection goes, and the worker is not told. */
  | { readonly kind: 'half-open' };

/** One thing that is done to the masters, the links and the workers, which go by their numbers from 0. */
export type Action =
  | { readonly on: 'master'; readonly master: number; readonly act: 'pause' | 'resume' | 'kill' }
  /** Brings a killed master back with all that it knew. */
  | { readonly on: 'master'; readonly master: number; readonly act: 'start' }
  /** The master loses its memory: a killed one comes back without any, a running one is told to forget. */
  | { readonly on: 'master'; readonly master: number; readonly act: 'start-empty' | 'flush' }
  | { readonly on: 'link'; readonly worker: number; readonly master: number; readonly fault: LinkFault }
  /** `replace` ends the process without warning, and starts another in its place. */
  | { readonly on: 'worker'; readonly worker: number; readonly act: 'pause' | 'resume' | 'replace' };

/** An action and its moment, in ms from the start of the schedule. */
export interface Step {
  readonly atMs: number;
  readonly action: Action;
}

/** What a schedule is made for. */
export interface Scenario {
  readonly seed: number;
  readonly masters: number;
  readonly workers: number;
  readonly durationMs: number;
  /** How long a master that lost its memory has no vote. */
  readonly guardMs: number;
}

/** How many masters may fail and leave a quorum. */
export function minorityOf(masters: number): number {
  return masters - (Math.floor(masters / 2) + 1);
}

import type { Endpoint } from './contenders';

/** Who contends: this library, or the package underneath on clients of its own. */
export type Side = 'this library' | 'redlock alone';

/** What a worker is told to do. Moments and keys are the orderer's; all processes of a machine read one clock. */
export type Order =
  /** Opens so many clients, in place of the former ones, each on connections of its own. */
  | { readonly kind: 'open'; readonly side: Side; readonly clients: number; readonly masters: readonly Endpoint[] }
  /** Runs one section after another under one key. */
  | {
      readonly kind: 'contend';
      readonly key: string;
      /** How many wait at a time, on each client. */
      readonly waiters: number;
      readonly fromMs: number;
      readonly untilMs: number;
    }
  | { readonly kind: 'acquire'; readonly key: string; readonly timeoutMs: number }
  | { readonly kind: 'release'; readonly key: string }
  | { readonly kind: 'close' };

/** What a worker answers to each order. */
export interface Replies {
  readonly open: null;
  readonly contend: Contended;
  readonly acquire: { readonly askedMs: number; readonly heldMs: number };
  /** When the release began, in ms. */
  readonly release: number;
  readonly close: null;
}

/** What one worker did between two moments. */
export interface Contended {
  /** How many sections each of its clients has run. */
  readonly sections: readonly number[];
  /** How long the work in all of them took, by the clock: a timer is never on time. */
  readonly workMs: number;
  /** Attempts that were refused. */
  readonly refused: number;
}

export interface Request {
  readonly id: number;
  readonly order: Order;
}

export type Response =
  | { readonly kind: 'done'; readonly id: number; readonly reply: Replies[Order['kind']] }
  | { readonly kind: 'failed'; readonly id: number; readonly reason: string };

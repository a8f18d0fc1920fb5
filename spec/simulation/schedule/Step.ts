import type { Memory, Refusal } from '../server/SimulatedServer';

/** A lease that a client is to acquire. */
export interface Wanted {
  readonly keys: readonly string[];
  readonly ttlMs: number;
  /** 0 for one attempt. */
  readonly timeoutMs: number;
  readonly isRenewed: boolean;
  readonly isFenced: boolean;
  /** It is released so long after it was granted; null leaves that to the steps. */
  readonly heldMs: number | null;
}

/** What a client is asked to do. Which lease or call is meant is counted among those that it has then. */
export type Action =
  | ({ readonly kind: 'acquire'; readonly client: number } & Wanted)
  | { readonly kind: 'release' | 'cancel' | 'keep'; readonly client: number; readonly nth: number }
  | { readonly kind: 'extend'; readonly client: number; readonly nth: number; readonly ttlMs: number }
  | { readonly kind: 'hand-over'; readonly client: number; readonly nth: number; readonly to: number }
  | { readonly kind: 'open' | 'close'; readonly client: number };

/** What befalls a client's process or its machine. */
export type Mishap =
  | { readonly kind: 'crash'; readonly client: number }
  | { readonly kind: 'stop' | 'sleep' | 'set-clock'; readonly client: number; readonly ms: number };

/** What befalls the network. */
export type Outage =
  | {
      readonly kind: 'cut-requests' | 'cut-answers' | 'cut';
      readonly client: number;
      readonly master: number;
      readonly ms: number;
    }
  | { readonly kind: 'reset'; readonly client: number; readonly master: number };

/** What befalls a master. */
export type Fault =
  | { readonly kind: 'hang'; readonly master: number; readonly ms: number }
  | { readonly kind: 'restart'; readonly master: number; readonly ms: number; readonly memory: Memory }
  | { readonly kind: 'save' | 'flush' | 'mend'; readonly master: number }
  | { readonly kind: 'refuse'; readonly master: number; readonly refusal: Refusal }
  | { readonly kind: 'set-master-clock'; readonly master: number; readonly ms: number };

/** What somebody else does on one master. */
export type Intrusion =
  | { readonly kind: 'foreign-lock'; readonly master: number; readonly key: string; readonly ms: number }
  | { readonly kind: 'foreign-delete'; readonly master: number; readonly key: string };

export type Step = { readonly afterMs: number } & (Action | Mishap | Outage | Fault | Intrusion);

/** One run: who takes part, and what happens. */
export interface Schedule {
  readonly seed: number;
  readonly masters: number;
  readonly clients: number;
  /** Of the ways between them, in ms. */
  readonly latencyMs: number;
  readonly steps: readonly Step[];
}

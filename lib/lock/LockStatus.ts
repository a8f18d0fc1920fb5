import type { Master } from '../master/Master';
import type { MasterError } from '../master/MasterError';

/** How one master fares. */
export interface MasterStatus {
  /** As `host:port`, or the path of a socket. */
  readonly address: string;
  /** Only a `ready` one has a vote. A `quarantined` one is connected to, and has none before `quarantineMs` have passed. */
  readonly state: 'connecting' | 'ready' | 'quarantined' | 'away' | 'closed';
  /** The last round trip, in ms; null before the first. */
  readonly roundTripMs: number | null;
  /**
   * Why it refuses the acquires that it is sent, for as long as it does; else the last thing that went wrong with its
   * connection. Null when nothing has.
   */
  readonly lastError: string | null;
  /** For how much longer it has no vote because it had lost its memory, in ms; 0 when it has one. */
  readonly quarantineMs: number;
  /** Anything but `noeviction` may drop a lock; null before the master was first connected to. */
  readonly maxmemoryPolicy: string | null;
}

/** How a lock fares. */
export interface LockStatus {
  readonly isOpen: boolean;
  /** How many masters have to agree; 0 while the lock is not open. */
  readonly quorum: number;
  readonly masters: readonly MasterStatus[];
  /** How many locks this instance holds. */
  readonly held: number;
  /** How many calls of this instance wait for a lock. */
  readonly waiters: number;
}

/** @internal The status of a lock that is not open. */
export const NOT_OPEN: LockStatus = { isOpen: false, quorum: 0, masters: [], held: 0, waiters: 0 };

/** @internal How one master fares now. */
export function masterStatus(master: Master, quarantineMs: number): MasterStatus {
  const { state } = master;
  const isReady = state.kind === 'ready';
  return {
    address: master.address,
    state: isReady && quarantineMs > 0 ? 'quarantined' : state.kind,
    roundTripMs: master.roundTripMs,
    lastError: errorIn((isReady ? master.refusal : null) ?? master.lastError),
    quarantineMs,
    maxmemoryPolicy: master.server?.maxmemoryPolicy ?? null,
  };
}

function errorIn(error: MasterError | null): string | null {
  return error && `${error.kind}: ${error.message}`;
}

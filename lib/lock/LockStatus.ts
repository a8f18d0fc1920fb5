import type { Master } from '../master/Master';

/** How one master fares. */
export interface MasterStatus {
  /** The name of its connection in the configuration, such as `primary-a`; of a list, its place. */
  readonly name: string;
  /** As `host:port`, or the path of a socket. */
  readonly address: string;
  /** Only a `ready` one has a vote. A `quarantined` one is connected to, and has none before `quarantineMs` have passed. */
  readonly state: 'connecting' | 'ready' | 'quarantined' | 'away' | 'closed';
  /** The last round trip, in ms; null before the first. */
  readonly roundTripMs: number | null;
  /**
   * Why it has no vote, or refuses the acquires that it is sent: the last error since it had its vote. Null when it has
   * its vote and uses it.
   */
  readonly lastError: string | null;
  /** When that happened last, as an ISO 8601 text by the clock of this process; null where there is no such error. */
  readonly lastErrorAt: string | null;
  /** For how much longer it has no vote because it had lost its memory, in ms; 0 when it has one. */
  readonly quarantineMs: number;
  /** Anything but `noeviction` may drop a lock; null before the master was first connected to. */
  readonly maxmemoryPolicy: string | null;
}

/** How a lock fares. */
export interface LockStatus {
  readonly isOpen: boolean;
  /** Whether a lock could be granted now: a quorum of the masters has a vote, as far as this process knows. */
  readonly canLock: boolean;
  /** How many masters have to agree; 0 while the lock is not open. */
  readonly quorum: number;
  readonly masters: readonly MasterStatus[];
  /** How many locks this instance holds. */
  readonly held: number;
  /** How many calls of this instance wait for a lock. */
  readonly waiters: number;
}

/** @internal The status of a lock that is not open. */
export const NOT_OPEN: LockStatus = { isOpen: false, canLock: false, quorum: 0, masters: [], held: 0, waiters: 0 };

/** @internal How one master fares now. */
export function masterStatus(master: Master, quarantineMs: number): MasterStatus {
  const { state } = master;
  const isReady = state.kind === 'ready';
  const isQuarantined = isReady && quarantineMs > 0;
  // What a master with a vote went through before is over.
  const error = (isReady ? master.refusal : null) ?? (isReady && !isQuarantined ? null : master.lastError);
  return {
    name: master.name,
    address: master.address,
    state: isQuarantined ? 'quarantined' : state.kind,
    roundTripMs: master.roundTripMs,
    lastError: error && `${error.kind}: ${error.message}`,
    lastErrorAt: error && new Date(error.atMs).toISOString(),
    quarantineMs,
    maxmemoryPolicy: master.server?.maxmemoryPolicy ?? null,
  };
}

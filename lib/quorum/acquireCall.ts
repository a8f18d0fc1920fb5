import { MasterError } from '../master/MasterError';
import { unreadable, wholeIn } from '../master/replies';
import type { Argument } from '../master/Script';
import type { Vote } from './Votes';
import type { Fenced, Proposal } from './Proposal';
import { Refusal } from './scripts';

/** A place in the masters' lines, for whoever is refused and waits. */
export interface Place {
  /** The waiter: it listens on its own channel. */
  readonly id: string;
  /** For how long it has waited, in ms. */
  readonly waitedMs: number;
  /** For how long it is remembered when nobody asks again, in ms. */
  readonly keepMs: number;
}

/** What an attempt asks for beside the lock. */
interface Wishes {
  readonly place: Place | null;
  readonly proposal: Proposal | null;
}

/** The arguments of the acquire script: redlock's own, and what is asked for. */
export function argumentsFor(args: readonly Argument[], { place, proposal }: Wishes): readonly Argument[] {
  if (place === null) return proposal === null ? args : [...args, proposal.number];
  return [...args, proposal?.number ?? '', place.id, place.waitedMs, place.keepMs];
}

/** What a master that has granted the lock says to the number that it was told. */
export function fencedOf(address: string, kind: unknown, detail: unknown): Fenced {
  if (kind === 'accepted') return { kind };
  const highest = wholeIn(detail);
  if (kind === 'refused' && highest !== null) return { kind, highest };
  if (kind === 'forgot' && typeof detail === 'string') return { kind, nonce: detail };
  return { kind: 'none', error: unreadable(address, kind) };
}

/** The vote of a master where another holds the lock; -1 stands for what there is not. */
export function takenOf(remainingMs: unknown, rank: unknown): Vote {
  return { kind: 'taken', remainingMs: wholeIn(remainingMs), rank: wholeIn(rank) };
}

/** Why a master did not vote. */
export function faultOf(address: string, kind: unknown, detail: unknown, type: unknown): MasterError {
  const leftMs = wholeIn(detail);
  if (kind === Refusal.foreign && typeof detail === 'string' && typeof type === 'string') {
    return new MasterError(address, 'foreign-key', `${JSON.stringify(detail)} holds a ${type}, no lock`);
  }
  if (kind === Refusal.unadmitted) {
    return new MasterError(address, 'unadmitted', 'has forgotten that it was admitted');
  }
  if (kind === Refusal.quarantined && leftMs !== null) {
    return new MasterError(address, 'quarantined', `has lost its memory, and may vote in ${leftMs} ms`);
  }
  return unreadable(address, kind);
}

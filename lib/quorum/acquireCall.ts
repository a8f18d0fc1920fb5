import { MasterError } from '../master/MasterError';
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
  if (kind === 'refused') return { kind, highest: Number(detail) };
  if (kind === 'forgot') return { kind, nonce: String(detail) };
  return { kind: 'none', error: new MasterError(address, 'unexpected', `answered ${String(kind)}`) };
}

/** The vote of a master where another holds the lock. */
export function takenOf(remainingMs: unknown, rank: unknown): Vote {
  return { kind: 'taken', remainingMs: unlessNegative(remainingMs), rank: unlessNegative(rank) };
}

/** Why a master did not vote. */
export function faultOf(address: string, kind: unknown, detail: unknown, type: unknown): MasterError {
  switch (kind) {
    case Refusal.foreign:
      return new MasterError(address, 'foreign-key', `${JSON.stringify(detail)} holds a ${String(type)}, no lock`);
    case Refusal.unadmitted:
      return new MasterError(address, 'unadmitted', 'has forgotten that it was admitted');
    case Refusal.quarantined:
      return new MasterError(address, 'quarantined', `has lost its memory, and may vote in ${String(detail)} ms`);
    default:
      return new MasterError(address, 'unexpected', `answered ${String(kind)}`);
  }
}

function unlessNegative(value: unknown): number | null {
  return Number(value) < 0 ? null : Number(value);
}

import { holdsOf, type Hold } from './holds';
import type { LogEvent } from './WorkerLog';

/** A fencing token that does not do its work. */
export type TokenFault =
  /** A hold that began after another had ended has no higher token. */
  | { readonly kind: 'not-higher'; readonly hold: FencedHold; readonly former: FencedHold }
  /** A holder wrote while it rightly believed that it held the key, and the store refused it. */
  | { readonly kind: 'refused'; readonly write: Write; readonly acceptedToken: number };

/** What the fencing tokens of a run come to. */
export interface TokenFindings {
  readonly faults: readonly TokenFault[];
  /** Holds with a token. */
  readonly holds: number;
  /** Writes whose holder had lost the key by then, and which the store refused: what tokens are for. */
  readonly refusedLateWrites: number;
}

/** A hold with a fencing token. */
export type FencedHold = Hold & { readonly token: number };

/** What a holder sent to the store. */
export interface Write {
  readonly worker: string;
  readonly key: string;
  readonly token: number;
  readonly atMs: number;
}

interface Subject {
  readonly name: string;
  readonly events: readonly LogEvent[];
}

/** Follows the tokens of every key, from one holder to the next and into a store that refuses those which are too low. */
export function followTokens(workers: readonly Subject[]): TokenFindings {
  const holds = workers
    .flatMap(({ name, events }) => holdsOf(name, events))
    .filter((hold): hold is FencedHold => hold.token !== null)
    .sort((one, other) => one.fromMs - other.fromMs);
  const { refused, refusedLateWrites } = playWrites(workers.flatMap(writesOf), holds);
  return { faults: [...findNotHigher(holds), ...refused], holds: holds.length, refusedLateWrites };
}

/** Each against the highest token of those that had ended: holds that meet have no order, and are a fault of their own. */
function findNotHigher(holds: readonly FencedHold[]): readonly TokenFault[] {
  const found: TokenFault[] = [];
  const highest = new Map<string, FencedHold>();
  const current = new Map<string, readonly FencedHold[]>();
  for (const hold of holds) {
    const known = current.get(hold.key) ?? [];
    for (const ended of known.filter(({ toMs }) => toMs <= hold.fromMs)) {
      if (ended.token >= (highest.get(hold.key)?.token ?? -Infinity)) highest.set(hold.key, ended);
    }
    const former = highest.get(hold.key);
    if (former !== undefined && hold.token <= former.token) found.push({ kind: 'not-higher', hold, former });
    current.set(hold.key, [...known.filter(({ toMs }) => toMs > hold.fromMs), hold]);
  }
  return found;
}

/** The store: for each key, it accepts a write whose token is above that of the last one that it accepted. */
function playWrites(writes: readonly Write[], holds: readonly FencedHold[]) {
  const accepted = new Map<string, number>();
  const held = new Map(holds.map((hold) => [nameOf(hold), hold]));
  const refused: TokenFault[] = [];
  let refusedLateWrites = 0;
  for (const write of [...writes].sort((one, other) => one.atMs - other.atMs)) {
    const acceptedToken = accepted.get(write.key) ?? -Infinity;
    const hold = held.get(nameOf(write));
    if (write.token > acceptedToken) accepted.set(write.key, write.token);
    else if (hold !== undefined && write.atMs < hold.toMs) refused.push({ kind: 'refused', write, acceptedToken });
    else refusedLateWrites += 1;
  }
  return { refused, refusedLateWrites };
}

/** A worker that is given a token twice has a fault in its tokens already. */
function nameOf({ worker, key, token }: Write | FencedHold): string {
  return `${worker} ${key} ${token}`;
}

function writesOf({ name, events }: Subject): readonly Write[] {
  return events.flatMap((event) => {
    if (event.kind !== 'wrote') return [];
    const { key, token, atMs } = event;
    return [{ worker: name, key, token, atMs }];
  });
}

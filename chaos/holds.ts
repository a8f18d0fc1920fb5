import type { LogEvent, Operation } from './WorkerLog';

const RELEASES: ReadonlySet<Operation> = new Set(['releaseLock', 'releaseLease']);

/** A span in which one worker could rightly believe that it held a key. */
export interface Hold {
  readonly worker: string;
  readonly key: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Its fencing token; null where it has none. */
  readonly token: number | null;
}

/** Two workers held one key at once. */
export interface Overlap {
  readonly key: string;
  /** The one that held first. */
  readonly first: Hold;
  readonly second: Hold;
  readonly forMs: number;
}

/**
 * Every pair of holds of different workers that meet. The end of a hold is not part of it: a lock that is released in
 * one moment may be acquired in the same.
 */
export function findOverlaps(
  workers: readonly { readonly name: string; readonly events: readonly LogEvent[] }[],
): readonly Overlap[] {
  const holds = workers.flatMap(({ name, events }) => holdsOf(name, events));
  holds.sort((one, other) => one.fromMs - other.fromMs);
  const found: Overlap[] = [];
  const current = new Map<string, readonly Hold[]>();
  for (const second of holds) {
    const live = (current.get(second.key) ?? []).filter((hold) => hold.toMs > second.fromMs);
    for (const first of live) {
      if (first.worker === second.worker) continue;
      const forMs = Math.min(first.toMs, second.toMs) - second.fromMs;
      found.push({ key: second.key, first, second, forMs });
    }
    current.set(second.key, [...live, second]);
  }
  return found;
}

/**
 * A hold lasts from the moment in which the acquire returned to the call of the release, or to the end of its validity
 * where that comes first: so a worker that was paused past its ttl, or killed, held only for as long as it was entitled
 * to believe so.
 */
export function holdsOf(worker: string, events: readonly LogEvent[]): readonly Hold[] {
  const holds: Hold[] = [];
  const acquired = new Map<string, Extract<LogEvent, { kind: 'acquired' }>>();
  const end = (key: string, atMs: number): void => {
    const event = acquired.get(key);
    if (event === undefined) return;
    acquired.delete(key);
    const toMs = Math.min(event.validUntilMs, atMs);
    if (toMs > event.atMs) holds.push({ worker, key, fromMs: event.atMs, toMs, token: event.token });
  };
  for (const event of events) {
    if (event.kind === 'acquired') {
      end(event.key, Infinity);
      acquired.set(event.key, event);
    }
    if (event.kind === 'call' && RELEASES.has(event.operation)) end(event.key, event.atMs);
  }
  for (const key of [...acquired.keys()]) end(key, Infinity);
  return holds;
}

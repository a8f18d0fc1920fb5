import type { LogEvent, Operation } from './WorkerLog';

/** A span in which a worker process was stopped. */
export interface Pause {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A call that did not settle by its deadline. */
export interface Unsettled {
  readonly worker: string;
  readonly operation: Operation;
  readonly key: string;
  readonly atMs: number;
  readonly withinMs: number;
  /** How long it took; null where it never settled. */
  readonly tookMs: number | null;
}

interface Subject {
  readonly name: string;
  readonly events: readonly LogEvent[];
  readonly pauses: readonly Pause[];
  readonly end: { readonly kind: 'stopped' | 'failed' } | { readonly kind: 'killed'; readonly atMs: number };
}

/** The calls of a worker that did not settle by their deadlines, for as long as the worker lived and could run. */
export function findUnsettled({ name, events, pauses, end }: Subject): readonly Unsettled[] {
  const settled = new Map(events.flatMap((event) => (event.kind === 'settled' ? [[event.id, event.atMs]] : [])));
  return events.flatMap((event) => {
    if (event.kind !== 'call') return [];
    const { operation, key, atMs, withinMs } = event;
    const settledMs = settled.get(event.id) ?? null;
    const deadlineMs = deadlineOf(atMs, withinMs, pauses);
    const isKilledFirst = end.kind === 'killed' && end.atMs <= deadlineMs;
    if (settledMs === null ? isKilledFirst : settledMs <= deadlineMs) return [];
    return [{ worker: name, operation, key, atMs, withinMs, tookMs: settledMs === null ? null : settledMs - atMs }];
  });
}

/** A process that stands still settles nothing: a pause before the deadline gives the call all of its time anew. */
function deadlineOf(atMs: number, withinMs: number, pauses: readonly Pause[]): number {
  let deadlineMs = atMs + withinMs;
  for (const { fromMs, toMs } of [...pauses].sort((one, other) => one.fromMs - other.fromMs)) {
    if (fromMs <= deadlineMs) deadlineMs = Math.max(deadlineMs, toMs + withinMs);
  }
  return deadlineMs;
}

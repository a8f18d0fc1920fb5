import { findOverlaps, type Overlap } from './holds';
import { KEY_PREFIX, PROBE } from './keys';
import { findUnsettled, type Pause, type Unsettled } from './settling';
import { followTokens, type TokenFindings } from './tokens';
import type { LogEvent } from './WorkerLog';

/** How a worker process ended. */
export type WorkerEnd =
  /** It was told to stop, closed its lock, and ended by itself. */
  | { readonly kind: 'stopped' }
  /** The schedule killed it; nothing can be asked of it from that moment on. */
  | { readonly kind: 'killed'; readonly atMs: number }
  /** It ended, or had to be ended, in a way that nobody meant. */
  | { readonly kind: 'failed'; readonly reason: string };

/** All that is known of one worker process. */
export interface WorkerRecord {
  /** No two processes of a run have the same. */
  readonly name: string;
  readonly events: readonly LogEvent[];
  readonly pauses: readonly Pause[];
  readonly end: WorkerEnd;
}

/** A lock that stood on a master when every worker had ended. */
export interface Leftover {
  readonly master: string;
  readonly key: string;
  readonly remainingMs: number;
}

/** What a run leaves to be judged. Moments are on the machine's monotonic clock, in ms. */
export interface Evidence {
  readonly workers: readonly WorkerRecord[];
  readonly leftovers: readonly Leftover[];
  /** Workers that were not served by every master within the time given to them after all was healed. */
  readonly unserved: readonly string[];
  /** When the workers began, and when they were told to stop. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** What the evidence comes to. */
export interface Verdict {
  readonly sections: number;
  readonly overlaps: readonly Overlap[];
  readonly tokens: TokenFindings;
  readonly unsettled: readonly Unsettled[];
  /** Locks on a master that no living worker owns, and that no killed one may have left. */
  readonly ghosts: readonly Leftover[];
  readonly unserved: readonly string[];
  /** Workers that failed, and outcomes that no call may have, in words. */
  readonly failures: readonly string[];
  /** The longest time without any worker in a section, in ms. */
  readonly longestGapMs: number;
  /** How often each call had which outcome, as `operation outcome`. */
  readonly outcomes: ReadonlyMap<string, number>;
}

/** On a bad day a lock is taken, or nobody can say. Whatever else a call throws is a fault. */
const OUTCOMES: ReadonlySet<string> = new Set([
  ...['ok', 'refused', 'LOCK_TIMEOUT', 'NO_QUORUM'],
  ...['released', 'expired', 'taken', 'unreachable'],
]);

/** Weighs the evidence. It reads nothing else: no clock, no master, no file. */
export function judge({ workers, leftovers, unserved, fromMs, toMs }: Evidence): Verdict {
  const outcomes = countOutcomes(workers);
  return {
    sections: workers.flatMap(({ events }) => events.filter(({ kind }) => kind === 'entered')).length,
    overlaps: findOverlaps(workers),
    tokens: followTokens(workers),
    unsettled: workers.flatMap(findUnsettled),
    ghosts: leftovers.filter(({ key }) => !isOfKilled(key, workers)),
    unserved,
    failures: [...failuresOf(workers), ...unexpected(outcomes)],
    longestGapMs: longestGap(workers, fromMs, toMs),
    outcomes,
  };
}

/** Whether nothing went wrong. */
export function isClean({ overlaps, tokens, unsettled, ghosts, unserved, failures }: Verdict): boolean {
  return [overlaps, tokens.faults, unsettled, ghosts, unserved, failures].every((faults) => faults.length === 0);
}

/** A process that was killed takes nothing back. Its probes carry its name; its other locks have run out by now. */
function isOfKilled(key: string, workers: readonly WorkerRecord[]): boolean {
  return workers.some(({ name, end }) => end.kind === 'killed' && key.startsWith(`${KEY_PREFIX}${PROBE}${name}:`));
}

function countOutcomes(workers: readonly WorkerRecord[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { events } of workers) {
    const operations = new Map<number, string>();
    for (const event of events) {
      if (event.kind === 'call') operations.set(event.id, event.operation);
      if (event.kind !== 'settled') continue;
      const outcome = `${operations.get(event.id)} ${event.outcome}`;
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    }
  }
  return counts;
}

function failuresOf(workers: readonly WorkerRecord[]): readonly string[] {
  return workers.flatMap(({ name, end }) => (end.kind === 'failed' ? [`worker ${name}: ${end.reason}`] : []));
}

function unexpected(outcomes: ReadonlyMap<string, number>): readonly string[] {
  return [...outcomes].flatMap(([outcome, count]) =>
    OUTCOMES.has(outcome.split(' ')[1] ?? '') ? [] : [`${count} x ${outcome}`],
  );
}

function longestGap(workers: readonly WorkerRecord[], fromMs: number, toMs: number): number {
  const sections = workers.flatMap(({ events }) => sectionsOf(events, toMs)).sort((one, other) => one[0] - other[0]);
  let [longestMs, coveredMs] = [0, fromMs];
  for (const [enteredMs, leftMs] of sections) {
    longestMs = Math.max(longestMs, Math.min(enteredMs, toMs) - coveredMs);
    coveredMs = Math.max(coveredMs, leftMs);
  }
  return Math.max(longestMs, toMs - coveredMs);
}

/** From and to; one that was never left ends where it began, so that a killed worker covers no time. */
function sectionsOf(events: readonly LogEvent[], toMs: number): readonly (readonly [number, number])[] {
  const entered = new Map<string, number>();
  const sections: [number, number][] = [];
  for (const event of events) {
    if (event.kind === 'entered') {
      entered.set(event.key, sections.length);
      sections.push([event.atMs, event.atMs]);
    }
    const section = event.kind === 'left' ? sections[entered.get(event.key) ?? -1] : undefined;
    if (section !== undefined && event.kind === 'left') section[1] = Math.min(event.atMs, toMs);
  }
  return sections;
}

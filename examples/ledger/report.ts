import type { MasterStatus } from '../../lib/index';
import type { Assignment, Fault, Verdict } from './ledger';
import type { Fate } from './Outage';

/** One master at the end. */
export interface MasterAccount {
  readonly address: string;
  readonly fate: Fate;
  /** As each worker that got to its end saw it then. */
  readonly seen: readonly MasterStatus[];
}

/** All that there is to report. Times are in ms. */
export interface Outcome {
  readonly withLock: boolean;
  readonly assignment: Assignment;
  readonly verdict: Verdict;
  readonly waitsMs: readonly number[];
  readonly unconfirmedReleases: number;
  readonly masters: readonly MasterAccount[];
  /** What else went wrong, in words. */
  readonly failures: readonly string[];
  /** From the first line to the last worker's end. */
  readonly tookMs: number;
}

/** Whether every line is there, in order, and nothing went wrong on the way. */
export function isGood({ verdict, failures }: Outcome): boolean {
  return verdict.faults.length === 0 && failures.length === 0;
}

/** The report, as text for people. */
export function report(outcome: Outcome): string {
  const { assignment, verdict, masters, failures, tookMs } = outcome;
  const expected = assignment.workers.length * assignment.lines;
  const rows: (readonly [string, string])[] = [
    ['Lines written', `${verdict.lines} of ${expected}`],
    ['Order', order(verdict)],
    ['Lost updates', String(count(verdict, 'lost'))],
    ['Waits for the lock', waits(outcome)],
    ...masters.map((master, index) => [`Master ${index + 1}`, account(master)] as const),
    ['Time', `${seconds(tookMs)} for the lines`],
    ...failures.map((failure) => ['Went wrong', failure] as const),
  ];
  const table = rows.map(([name, value]) => `  ${name.padEnd(20)}${value}`).join('\n');
  return `What the ledger says\n${table}\n\n${conclusion(outcome, expected)}\n`;
}

/** A duration for people. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function order(verdict: Verdict): string {
  if (verdict.lines === 0) return 'none, the ledger is empty';
  const broken = (['misnumbered', 'overtaken', 'duplicate', 'foreign'] as const)
    .map((kind) => [count(verdict, kind), kind] as const)
    .filter(([number]) => number > 0);
  if (broken.length > 0) return `broken: ${broken.map(([number, kind]) => `${number} ${kind}`).join(', ')}`;
  return `intact: numbered 1 to ${verdict.lines}, and each worker's own lines one after the other`;
}

function waits({ withLock, waitsMs, unconfirmedReleases }: Outcome): string {
  if (!withLock) return 'none, nobody asked for it';
  const sorted = [...waitsMs].sort((a, b) => a - b);
  const quantile = (part: number): string => {
    const waitMs = sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)];
    return waitMs === undefined ? '-' : `${waitMs.toFixed(1)} ms`;
  };
  const times = `median ${quantile(0.5)}, p99 ${quantile(0.99)}, longest ${quantile(1)}`;
  return unconfirmedReleases === 0
    ? times
    : `${times}; ${unconfirmedReleases} ended by its ttl, its release unconfirmed`;
}

function account({ address, fate, seen }: MasterAccount): string {
  return `${address.padEnd(17)}${history(fate)}${sight(seen)}`;
}

function history(fate: Fate): string {
  switch (fate.kind) {
    case 'up':
      return 'up all the time';
    case 'killed':
      return `killed at line ${fate.atLine}, stayed dead`;
    case 'back':
      return `killed at line ${fate.killedAtLine}, back at line ${fate.atLine}`;
  }
}

/** How the workers' locks saw a master in the end. */
function sight(seen: readonly MasterStatus[]): string {
  if (seen.length === 0) return '';
  const states = [...new Set(seen.map(({ state }) => state))].map((state) => {
    const those = seen.filter((status) => status.state === state).length;
    return `${state} for ${those} of ${seen.length} workers`;
  });
  const ready = seen.filter(({ state }) => state === 'ready');
  const trips = ready.flatMap(({ roundTripMs }) => roundTripMs ?? []).sort((a, b) => a - b);
  const trip = trips[Math.floor(trips.length / 2)];
  return `; now ${states.join(', ')}${trip === undefined ? '' : `, round trip ${trip.toFixed(1)} ms`}`;
}

function conclusion(outcome: Outcome, expected: number): string {
  const { withLock, verdict, failures } = outcome;
  const lost = count(verdict, 'lost');
  if (failures.length > 0) return `FAILED: something went wrong, and ${lost} of ${expected} lines are missing.`;
  if (withLock && lost > 0) return `FAILED: ${lost} of ${expected} lines are missing.`;
  if (lost > 0) {
    return (
      `${lost} of ${expected} lines were lost: two workers read the same ledger, and the write of one undid the other's.\n` +
      'This is what the lock prevents: npm run demo shows the same work with it.'
    );
  }
  if (verdict.faults.length > 0) return 'FAILED: every line is there, but the ledger is not in order.';
  return withLock
    ? `All ${expected} lines are there, in order, although masters died on the way.`
    : 'No line was lost this time, but nothing made sure of that.';
}

function count({ faults }: Verdict, kind: Fault['kind']): number {
  return faults.filter((fault) => fault.kind === kind).length;
}

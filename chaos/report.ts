import type { Overlap } from './holds';
import { isClean, type Leftover, type Verdict } from './judge';
import type { Unsettled } from './settling';
import type { FencedHold, TokenFault } from './tokens';

/** More of one kind of fault than this is told by number alone. */
const SHOWN = 5;

/** The verdict in words, for somebody who has not read how it is come by. */
export function describe(verdict: Verdict): string {
  const { sections, overlaps, tokens, unsettled, ghosts, unserved, failures, longestGapMs, outcomes } = verdict;
  const rows: readonly (readonly [string, number | string, string])[] = [
    ['sections', sections, 'times that a worker did its work under a lock'],
    ['overlaps', overlaps.length, 'times that two workers rightly believed they held one lock'],
    [
      'tokens',
      tokens.faults.length,
      `times that a fencing token did not rise, or did not serve its holder, in ${tokens.holds}`,
    ],
    [
      'late writes',
      tokens.refusedLateWrites,
      'refused for their tokens: their worker had lost the lock, and a newer one wrote',
    ],
    ['unsettled', unsettled.length, 'calls that had no answer by their deadline'],
    ['ghosts', ghosts.length, 'locks on a master that nobody owned at the end'],
    ['unserved', unserved.length, 'workers without every master once all was healed'],
    ['failures', failures.length, 'workers that ended by themselves, answers that no call may give'],
    ['longest gap', `${(longestGapMs / 1000).toFixed(1)} s`, 'without any worker at work, faults and pauses included'],
  ];
  return [
    ...rows.map(([name, figure, meaning]) => `  ${name.padEnd(12)}${String(figure).padStart(7)}  ${meaning}`),
    `  calls: ${[...outcomes]
      .sort()
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')}`,
    ...details('overlap', overlaps.map(describeOverlap)),
    ...details('token', tokens.faults.map(describeToken)),
    ...details('unsettled', unsettled.map(describeUnsettled)),
    ...details('ghost', ghosts.map(describeGhost)),
    ...details(
      'unserved',
      unserved.map((name) => `worker ${name}`),
    ),
    ...details('failure', failures),
    isClean(verdict) ? '  Nothing went wrong.' : '  Something went wrong.',
  ].join('\n');
}

function details(name: string, texts: readonly string[]): readonly string[] {
  const shown = texts.slice(0, SHOWN).map((text) => `  ${name}: ${text}`);
  return texts.length > SHOWN ? [...shown, `  ${name}: and ${texts.length - SHOWN} more`] : shown;
}

function describeOverlap({ key, first, second, forMs }: Overlap): string {
  const span = (hold: { fromMs: number; toMs: number }): string => `${ms(hold.fromMs)} to ${ms(hold.toMs)}`;
  return `"${key}" for ${ms(forMs)} ms: worker ${first.worker} (${span(first)}), worker ${second.worker} (${span(second)})`;
}

function describeToken(fault: TokenFault): string {
  if (fault.kind === 'refused') {
    const { worker, key, token, atMs } = fault.write;
    return `"${key}": worker ${worker} was refused at ${ms(atMs)} with ${token}, the store has ${fault.acceptedToken}`;
  }
  const { hold, former } = fault;
  const one = (of: FencedHold): string => `worker ${of.worker} (${ms(of.fromMs)} to ${ms(of.toMs)}) has ${of.token}`;
  return `"${hold.key}": ${one(former)}, and after it ${one(hold)}`;
}

function describeUnsettled({ worker, operation, key, atMs, withinMs, tookMs }: Unsettled): string {
  const took = tookMs === null ? 'never' : `after ${ms(tookMs)} ms`;
  return `worker ${worker} ${operation}("${key}") at ${ms(atMs)}: settled ${took}, was to within ${withinMs} ms`;
}

function describeGhost({ master, key, remainingMs }: Leftover): string {
  return `"${key}" on ${master}, for ${remainingMs} ms more`;
}

function ms(value: number): string {
  return value.toFixed(1);
}

import fc from 'fast-check';
import { Simulation } from './Simulation';
import { describeSchedule } from './schedule/describe';
import { scheduleOf, schedules } from './schedule/schedules';
import type { Schedule } from './schedule/Step';
import type { Wrong } from './wrongs';

/** A schedule on which something was violated, as short as it was found. */
export interface Finding {
  readonly seed: number;
  readonly schedule: Schedule;
  /** For a person to follow: the steps, and what came of them. */
  readonly text: string;
}

/** The first violation of one schedule; null where there is none. */
export async function violationIn(schedule: Schedule, wrong: Partial<Wrong> = {}): Promise<string | null> {
  const undo = wrong.putIn?.();
  try {
    const [first] = (await new Simulation(schedule, wrong).run()).violations;
    return first === undefined ? null : `${first.kind}: ${first.what}`;
  } finally {
    undo?.();
  }
}

/** Shortens the schedule of a seed for as long as the same kind of thing is violated. */
export async function shrink(seed: number, wrong: Partial<Wrong> = {}): Promise<Finding | null> {
  const found = await violationIn(scheduleOf(seed), wrong);
  if (found === null) return null;
  const [kind = ''] = found.split(':');
  const isKept = async (schedule: Schedule): Promise<boolean> =>
    (await violationIn(schedule, wrong))?.startsWith(`${kind}:`) !== true;
  const { counterexample } = await fc.check(fc.asyncProperty(schedules, isKept), { seed, numRuns: 1 });
  const schedule = counterexample?.[0] ?? scheduleOf(seed);
  const violation = await violationIn(schedule, wrong);
  return { seed, schedule, text: `seed ${seed}: ${describeSchedule(schedule)}\n  ${violation}` };
}

import fc from 'fast-check';
import { Simulation } from './Simulation';
import { describeSchedule } from './schedule/describe';
import { scheduleOf, schedules } from './schedule/schedules';
import type { Schedule } from './schedule/Step';
import type { Wrong } from './wrongs';

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

/**
 * Shortens the schedule of a seed for as long as the same kind of thing is violated.
 *
 * @returns its steps and what came of them, for a person to follow; null where nothing is violated
 */
export async function shrink(seed: number): Promise<string | null> {
  const [kind] = (await violationIn(scheduleOf(seed)))?.split(':') ?? [];
  if (kind === undefined) return null;
  const isOther = async (schedule: Schedule): Promise<boolean> =>
    (await violationIn(schedule))?.startsWith(`${kind}:`) !== true;
  const { counterexample } = await fc.check(fc.asyncProperty(schedules, isOther), { seed, numRuns: 1 });
  const schedule = counterexample?.[0] ?? scheduleOf(seed);
  return `seed ${seed}: ${describeSchedule(schedule)}\n  ${await violationIn(schedule)}`;
}

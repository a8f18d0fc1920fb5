import { mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Scenario } from './Action';
import { Bench } from './Bench';
import { nowMs } from './clock';
import { judge, type Verdict } from './judge';
import type { Timing } from './messages';
import { planSchedule } from './schedule';

/** How many processes contend. */
export const WORKERS = 4;
/** Short, so that many losses of memory fit into a run. The longest ttl is the same: the guard asks for no less. */
export const GUARD_MS = 1000;

const QUIET_MS = 1500;
const SERVICE_MS = 10_000;
const STOP_MS = 10_000;
/** More than all the phases behind the schedule may take together. */
const REST_MS = 120_000;

/** What one run is for. */
export interface Run {
  readonly seed: number;
  readonly masters: number;
  readonly durationMs: number;
  readonly isGuarded: boolean;
}

/** What came of it. */
export interface Outcome {
  readonly verdict: Verdict;
  /** How many steps the schedule has. */
  readonly steps: number;
  /** Losses of memory that were planned and turned into plain restarts, since the machine was too slow for the plan. */
  readonly keptBack: number;
}

/**
 * Starts a set of masters and workers, plays the schedule on them, heals everything, ends the workers, and judges.
 *
 * @param folder where logs are written
 * @param tell is told of each phase
 */
export async function run(given: Run, folder: string, tell: (text: string) => void): Promise<Outcome> {
  mkdirSync(folder, { recursive: true });
  const { seed, masters, durationMs } = given;
  const scenario: Scenario = { seed, masters, workers: WORKERS, durationMs, guardMs: GUARD_MS };
  const steps = planSchedule(scenario);
  const bench = await Bench.start(scenario, timingOf(given), folder);
  try {
    tell(`${masters} masters and ${WORKERS} workers run, the locks are open`);
    const fromMs = nowMs();
    await bench.play(steps, durationMs);
    tell(`${steps.length} steps of the schedule taken in ${Math.round(durationMs / 1000)} s; all faults end now`);
    await bench.heal();
    const healedMs = nowMs();
    const unserved = await bench.awaitService(SERVICE_MS);
    tell(`${WORKERS - unserved.length} of ${WORKERS} workers are served by every master again`);
    // Longer than any contended ttl: the locks of processes that were killed have run out by the end of it.
    await sleep(Math.max(0, healedMs + QUIET_MS - nowMs()));
    const toMs = nowMs();
    await bench.stopWorkers(STOP_MS);
    tell('the workers have ended; looking for locks that nobody owns');
    const leftovers = await bench.leftovers();
    const verdict = judge({ workers: bench.records(), leftovers, unserved, fromMs, toMs });
    return { verdict, steps: steps.length, keptBack: bench.keptBack };
  } finally {
    await bench.end();
  }
}

function timingOf({ durationMs, isGuarded }: Run): Timing {
  return {
    nodeTimeoutMs: 200,
    connectTimeoutMs: 1000,
    longestTtlMs: GUARD_MS,
    restartGuardMs: isGuarded ? GUARD_MS : 0,
    probeTtlMs: durationMs + REST_MS,
    slackMs: 1000,
  };
}

import type { Action, LinkFault, Scenario, Step } from './Action';
import { planLosses, type Reservation } from './losses';
import { Random } from './Random';

/** A lane is a series of faults on one target, each healed before the next. */
interface Lane {
  readonly random: Random;
  /** The pause before each fault, in ms, from and to. */
  readonly calmMs: readonly [number, number];
  readonly faultMs: readonly [number, number];
  /** The actions that make the fault, and those that heal it; null leaves this one out. */
  readonly draw: (
    fromMs: number,
    toMs: number,
  ) => { readonly make: readonly Action[]; readonly heal: readonly Action[] } | null;
}

/**
 * Plans what happens to the masters, the links and the workers, and when. The scenario alone decides it: the same seed
 * gives the same actions at the same moments. Every fault in it is healed within it.
 */
export function planSchedule(scenario: Scenario): readonly Step[] {
  const { steps, reservations } = planLosses(scenario);
  const lanes = [
    ...numbers(scenario.masters).map((master) => masterLane(scenario, master, reservations)),
    ...numbers(scenario.workers).map((worker) => workerLane(scenario, worker)),
    ...linkLanes(scenario),
  ];
  const all = [...steps, ...lanes.flatMap((lane) => play(lane, scenario.durationMs))];
  return all.sort((one, other) => one.atMs - other.atMs);
}

function play({ random, calmMs, faultMs, draw }: Lane, durationMs: number): readonly Step[] {
  const steps: Step[] = [];
  for (let atMs = random.whole(300, calmMs[1]); atMs < durationMs;) {
    const healedMs = atMs + random.whole(...faultMs);
    const drawn = draw(atMs, healedMs);
    if (drawn !== null && healedMs < durationMs) {
      steps.push(...drawn.make.map((action) => ({ atMs, action })));
      steps.push(...drawn.heal.map((action) => ({ atMs: healedMs, action })));
    }
    atMs = healedMs + random.whole(...calmMs);
  }
  return steps;
}

/** Any number of masters may hang, or die and come back with all that they knew. */
function masterLane({ seed, durationMs }: Scenario, master: number, reservations: readonly Reservation[]): Lane {
  const random = new Random(seed, 'master', master);
  const isReserved = (fromMs: number, toMs: number): boolean =>
    reservations.some((one) => one.master === master && one.fromMs <= toMs && fromMs <= one.toMs);
  return {
    random,
    calmMs: [800, Math.min(4000, durationMs)],
    faultMs: [100, 1500],
    draw: (fromMs, toMs) => {
      const [make, heal] = random.chance(0.65) ? (['pause', 'resume'] as const) : (['kill', 'start'] as const);
      if (isReserved(fromMs, toMs)) return null;
      return { make: [{ on: 'master', master, act: make }], heal: [{ on: 'master', master, act: heal }] };
    },
  };
}

/** A worker is paused past its longest ttl more often than not; now and then another process takes its place. */
function workerLane({ seed }: Scenario, worker: number): Lane {
  const random = new Random(seed, 'worker', worker);
  return {
    random,
    calmMs: [1500, 6000],
    faultMs: [200, 2200],
    draw: () =>
      random.chance(0.2)
        ? { make: [{ on: 'worker', worker, act: 'replace' }], heal: [] }
        : { make: [{ on: 'worker', worker, act: 'pause' }], heal: [{ on: 'worker', worker, act: 'resume' }] },
  };
}

/** One link at a time, one worker cut off alone, one master out of everybody's reach, and now and then all of them. */
function linkLanes({ seed, masters, workers }: Scenario): readonly Lane[] {
  const everyWorker = numbers(workers);
  const everyMaster = numbers(masters);
  const lane = (
    random: Random,
    calmMs: readonly [number, number],
    ofWorkers: readonly number[],
    ofMasters: readonly number[],
  ): Lane => ({
    random,
    calmMs,
    faultMs: [100, 1500],
    draw: () => {
      const fault = drawFault(random);
      const each = (made: LinkFault): readonly Action[] =>
        ofWorkers.flatMap((worker) =>
          ofMasters.map((master) => ({ on: 'link', worker, master, fault: made }) as const),
        );
      return { make: each(fault), heal: each({ kind: 'pass' }) };
    },
  });
  return [
    ...everyWorker.flatMap((worker) =>
      everyMaster.map((master) => lane(new Random(seed, 'link', worker, master), [3000, 12_000], [worker], [master])),
    ),
    ...everyWorker.map((worker) => lane(new Random(seed, 'alone', worker), [5000, 15_000], [worker], everyMaster)),
    ...everyMaster.map((master) => lane(new Random(seed, 'away', master), [5000, 15_000], everyWorker, [master])),
    lane(new Random(seed, 'all'), [6000, 20_000], everyWorker, everyMaster),
  ];
}

function drawFault(random: Random): LinkFault {
  const draws: readonly (() => LinkFault)[] = [
    () => ({ kind: 'hold', way: random.pick(['up', 'down', 'both'] as const) }),
    () => ({ kind: 'hold', way: 'up' }),
    () => ({ kind: 'delay', ms: random.whole(5, 400) }),
    () => ({ kind: 'trickle', everyMs: random.whole(1, 20) }),
    () => ({ kind: 'drop' }),
    () => ({ kind: 'refuse' }),
    () => ({ kind: 'cut' }),
    () => ({ kind: 'half-open' }),
  ];
  return random.pick(draws)();
}

function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, number) => number);
}

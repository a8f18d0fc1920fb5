import { expect } from 'chai';
import { minorityOf, type Action, type Scenario, type Step } from '../../../chaos/Action';
import { planSchedule } from '../../../chaos/schedule';

const SEEDS = Array.from({ length: 60 }, (_, seed) => seed * 7919);
const SIZES = [1, 2, 3, 4, 5, 7];

const scenarioOf = (seed: number, masters: number, durationMs = 60_000): Scenario => ({
  seed,
  masters,
  workers: 4,
  durationMs,
  guardMs: 1000,
});

interface Loss {
  readonly master: number;
  readonly atMs: number;
  /** From when on it can be reached again. */
  readonly backMs: number;
}

/** A master that is killed and comes back empty has lost its memory when it was killed. */
function lossesIn(steps: readonly Step[]): readonly Loss[] {
  const killed = new Map<number, number>();
  const losses: Loss[] = [];
  for (const { atMs, action } of steps) {
    if (action.on !== 'master') continue;
    const { master, act } = action;
    if (act === 'kill') killed.set(master, atMs);
    if (act === 'flush') losses.push({ master, atMs, backMs: atMs });
    if (act === 'start-empty') losses.push({ master, atMs: killed.get(master) ?? NaN, backMs: atMs });
  }
  return losses;
}

describe('A chaos schedule', () => {
  it('is decided by its seed alone', () => {
    for (const masters of SIZES) {
      const plan = planSchedule(scenarioOf(42, masters));

      expect(planSchedule(scenarioOf(42, masters))).to.deep.equal(plan);
      expect(planSchedule(scenarioOf(43, masters))).to.not.deep.equal(plan);
    }
  });

  it('is in order, and within its duration', () => {
    for (const seed of SEEDS) {
      const moments = planSchedule(scenarioOf(seed, 3)).map(({ atMs }) => atMs);

      expect(moments).to.deep.equal([...moments].sort((one, other) => one - other));
      expect(moments.at(-1)).to.be.below(60_000);
      expect(moments[0]).to.be.at.least(0);
    }
  });

  it('has every kind of fault in a minute', () => {
    const names = (seed: number): readonly string[] =>
      planSchedule(scenarioOf(seed, 5)).map(({ action }) => ('act' in action ? action.act : action.fault.kind));
    const kinds = ['pause', 'resume', 'kill', 'start', 'start-empty', 'flush', 'replace', 'pass', 'hold', 'delay'];

    expect(SEEDS.slice(0, 10).flatMap(names)).to.include.members(kinds);
    expect(names(1)).to.include.members(['trickle', 'drop', 'refuse', 'cut', 'half-open']);
  });

  it('ends every fault', () => {
    const targetOf = (action: Action): string =>
      action.on === 'link' ? `link ${action.worker} ${action.master}` : `${action.on} ${Object.values(action)[1]}`;
    const HEALTHY: ReadonlySet<string> = new Set(['resume', 'start', 'start-empty', 'flush', 'replace', 'pass']);
    for (const seed of SEEDS) {
      const last = new Map(planSchedule(scenarioOf(seed, 5)).map(({ action }) => [targetOf(action), action]));
      const ends = [...last.values()].map((action) => ('act' in action ? action.act : action.fault.kind));

      expect(ends.filter((end) => !HEALTHY.has(end))).to.deep.equal([]);
    }
  });
});

describe('The losses of memory in a chaos schedule', () => {
  for (const masters of SIZES) {
    it(`are of at most ${minorityOf(masters)} of ${masters} masters at once`, () => {
      for (const seed of SEEDS) {
        const losses = lossesIn(planSchedule(scenarioOf(seed, masters)));
        for (const { atMs } of losses) {
          // Time to be reached, and the quarantine: a master that is still in it has not its memory back.
          const forgetful = losses.filter((loss) => loss.atMs <= atMs && atMs < loss.backMs + 1500 + 1000);

          expect(new Set(forgetful.map(({ master }) => master)).size).to.be.at.most(minorityOf(masters));
        }
      }
    });
  }

  it('come often, and of a whole minority too', () => {
    const losses = lossesIn(planSchedule(scenarioOf(1, 5)));
    const pairs = losses.filter(({ atMs }, index) => Math.abs(atMs - (losses[index + 1]?.atMs ?? Infinity)) < 1000);

    expect(losses.length).to.be.above(12);
    expect(pairs).to.not.be.empty;
    expect(lossesIn(planSchedule(scenarioOf(1, 3, 10_000)))).to.not.be.empty;
  });

  it('are not disturbed: nothing else is done to the master until it is back', () => {
    for (const seed of SEEDS) {
      const steps = planSchedule(scenarioOf(seed, 5));
      for (const { master, atMs, backMs } of lossesIn(steps)) {
        const others = steps.filter(
          ({ action, atMs: at }) =>
            action.on === 'master' && action.master === master && at > atMs && at < backMs + 2500,
        );

        expect(others.filter(({ action }) => !('act' in action && action.act === 'start-empty'))).to.deep.equal([]);
      }
    }
  });

  it('meet masters that were away and are back, so that both together know of no lock', () => {
    const plans = SEEDS.map((seed) => planSchedule(scenarioOf(seed, 3)));
    const meets = plans.flatMap((steps) => {
      const resumes = steps.filter(({ action }) => action.on === 'master' && action.act === 'resume');
      return lossesIn(steps).map(({ atMs }) => resumes.some((resume) => Math.abs(resume.atMs - atMs) <= 300));
    });

    expect(meets.filter(Boolean).length / meets.length).to.be.above(0.6);
  });
});

import { randomInt } from 'node:crypto';
import { expect } from 'chai';
import { join } from 'node:path';
import { inThread } from '../../support/inThread';
import type { Plan, Result } from './fencingSimulation';

/** A run that fails names its seed; with it in the environment, the same happens again. */
const SEED = Number(process.env['FENCING_SEED'] ?? randomInt(2 ** 31));

/** In a thread of its own. */
function simulate(plan: Omit<Plan, 'seed'>): Promise<Result> {
  return inThread(join(__dirname, 'fencingSimulation'), 'simulate', { ...plan, seed: SEED } satisfies Plan);
}

describe('Fencing, in a long simulation with faults', function () {
  this.timeout(300_000);

  // Two at a time: they take seconds, and know nothing of one another.
  const SIZES = [3, 5];
  let simulations: ReadonlyMap<number, Promise<Result>>;
  before(() => {
    const begun = (masters: number) => simulate({ masters, acquisitions: 500_000, admitsThatItForgot: true });
    simulations = new Map(SIZES.map((masters) => [masters, begun(masters)]));
  });

  for (const masters of SIZES) {
    it(`hands out 500,000 tokens of ${masters} masters that rise, where the highest of their counts does not`, async () => {
      const { judge, tally } = (await simulations.get(masters)) ?? expect.fail();

      const seed = `FENCING_SEED=${SEED}`;
      expect(judge.acquired, seed).to.be.at.least(500_000);
      expect(judge.fallsBack, `${judge.first}, with ${seed}`).to.equal(0);
      expect(judge.overlaps, `holds at once, with ${seed}`).to.equal(0);
      expect(judge.naiveFallsBack, `counts that fell back, with ${seed}`).to.be.above(50_000);
      const ways = { quick: 200_000, written: 100_000, afterReminder: 15_000 };
      const faults = { reminded: 25_000, losses: 30_000, lossesAgain: 4_000, pauses: 20_000, crashes: 12_000 };
      for (const [what, count] of Object.entries({ ...ways, ...faults })) {
        expect(tally[what as keyof typeof tally], `${what}, with ${seed}`).to.be.above(count);
      }
    });
  }

  it('would not, if masters that have forgotten did not say so', async () => {
    const { judge } = await simulate({ masters: 3, acquisitions: 150_000, admitsThatItForgot: false });

    expect(judge.fallsBack, `tokens that fell back, with FENCING_SEED=${SEED}`).to.be.above(0);
    expect(judge.overlaps, `holds at once, with FENCING_SEED=${SEED}`).to.equal(0);
  });
});

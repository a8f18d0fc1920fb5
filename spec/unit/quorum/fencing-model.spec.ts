import { expect } from 'chai';
import { fallsBack, fencing, fencingSteps, PROTOCOL, type Protocol, type Scenario } from './fencingModel';
import { search } from './guardModel';

const THREE: Scenario = { masters: 3, quorum: 2, holders: 2, losses: 1, numbers: [1, 2], protocol: PROTOCOL };

const searched = (scenario: Scenario) =>
  search(fencing(scenario), (state) => fencingSteps(state, scenario), fallsBack, JSON.stringify);

describe('The protocol of fencing, in every state of a small set', function () {
  this.timeout(60_000);

  for (const [title, change, atLeast] of [
    ['two holders of three masters, one of which forgets', {}, 2000],
    ['two holders of three masters and more numbers', { losses: 0, numbers: [1, 2, 3] }, 200],
    ['two holders of two masters', { masters: 2, quorum: 2, protocol: { ...PROTOCOL, teachers: 1 } }, 300],
    ['two holders of four masters', { masters: 4, quorum: 3, losses: 0 }, 500],
  ] as const) {
    it(`hands out numbers that rise: ${title}`, () => {
      const { states, trace } = searched({ ...THREE, ...change });
      expect(trace).to.equal(null);
      expect(states).to.be.above(atLeast);
    });
  }

  it('does hand out numbers to holders that come after a loss', () => {
    const { trace } = search(
      fencing(THREE),
      (state) => fencingSteps(state, THREE),
      ({ tokens, losses, masters }) =>
        tokens.length === 2 && losses === 1 && masters.some(({ key, memory }) => key === 1 && memory === 'knows'),
      JSON.stringify,
    );
    expect(trace).not.to.equal(null);
  });

  for (const [part, value] of [
    ['acceptsOnlyAbove', false],
    ['asksTheOthers', false],
    ['teachers', 1],
    ['asksAfterQuarantine', false],
  ] as const satisfies readonly (readonly [keyof Protocol, unknown])[]) {
    it(`would fall back were it not for ${part}`, () => {
      const { trace } = searched({ ...THREE, protocol: { ...PROTOCOL, [part]: value } });
      expect(trace).not.to.equal(null);
    });
  }
});

import { expect } from 'chai';
import { join } from 'node:path';
import { inThread } from '../../support/inThread';
import { rulesFor, Stage, Vote, type Fencing, type Rules, type Scenario } from './fencingModel';
import { searched, seenOf, type Seen } from './fencingSearch';
import { search, type Outcome } from './guardModel';
import * as reminders from './remindersModel';

/** Two holders of one key, one loss, whatever else goes on. */
const of = (masters: number, quorum: number): Scenario => ({
  masters,
  quorum,
  holders: [0, 0],
  losses: 1,
  numbers: 2,
  losesAnswers: true,
  hasOtherKeys: true,
  rules: rulesFor(masters, quorum),
});

const THREE = of(3, 2);
const ALONE = { ...THREE, hasOtherKeys: false };
const UNDISTURBED = { ...ALONE, losesAnswers: false };

const memoriesSearched = (scenario: reminders.Scenario): Outcome<reminders.Memory> =>
  search(
    reminders.memory(scenario),
    (state) => reminders.memorySteps(state, scenario),
    (state) => reminders.isForgotten(state, scenario),
    reminders.nameOf,
  );

describe('Fencing, in every state of a small set', function () {
  this.timeout(300_000);

  describe('hands out tokens that rise', () => {
    const cases: readonly {
      readonly to: string;
      readonly scenario: Scenario;
      readonly floor: number;
      /** In a thread of its own, beside the others. */
      readonly takesLong?: true;
    }[] = [
      {
        to: '2 holders by 3 masters, one of which forgets',
        scenario: { ...THREE, losesAnswers: false },
        floor: 27_000,
      },
      { to: '2 holders by 3 masters that forget twice', scenario: { ...ALONE, losses: 2 }, floor: 27_000 },
      { to: '3 holders by 3 masters', scenario: { ...THREE, holders: [0, 0, 0], losses: 0 }, floor: 6_000 },
      {
        to: '3 holders by 3 masters, one of which forgets',
        scenario: { ...UNDISTURBED, holders: [0, 0, 0] },
        floor: 18_000,
      },
      { to: '2 holders by 2 masters that forget twice', scenario: { ...of(2, 2), losses: 2 }, floor: 10_000 },
      {
        to: '2 holders by 4 masters, one of which forgets',
        scenario: { ...of(4, 3), hasOtherKeys: false },
        floor: 20_000,
      },
      {
        to: '2 holders of one key beside one of another, by 3 masters, one of which forgets',
        scenario: { ...UNDISTURBED, holders: [0, 0, 1], numbers: 1 },
        floor: 90_000,
        takesLong: true,
      },
      {
        to: '2 holders of each of two keys, by 3 masters',
        scenario: { ...UNDISTURBED, holders: [0, 0, 1, 1], numbers: 1, losses: 0 },
        floor: 50_000,
        takesLong: true,
      },
    ];
    const underway = new Map<Scenario, Promise<Seen>>();
    before(() => {
      const file = join(__dirname, 'fencingSearch');
      for (const { scenario, takesLong } of cases) {
        if (takesLong) underway.set(scenario, inThread<Seen>(file, 'seenOf', scenario));
      }
    });
    for (const { to, scenario, floor } of cases) {
      it(`to ${to}`, async () => {
        const { states, trace } = (await underway.get(scenario)) ?? seenOf(scenario);

        expect(trace).to.equal(null);
        expect(states).to.be.above(floor);
      });
    }
  });

  describe('comes to', () => {
    const isFenced = ({ stage }: { readonly stage: Stage }): boolean => stage === Stage.fenced;
    const cases: readonly {
      readonly what: string;
      readonly scenario: Scenario;
      readonly isSo: (state: Fencing) => boolean;
    }[] = [
      {
        what: 'tokens that take the vote of a master that has forgotten: there is no quorum without it',
        scenario: { ...of(2, 2), hasOtherKeys: false },
        isSo: ({ tokens: [token = 0], holders, losses }) =>
          token > 1 && losses === 1 && holders.every(({ stage }) => stage >= Stage.fenced),
      },
      {
        what: 'a master that votes for the next holder, and is to be reminded of the token before',
        scenario: ALONE,
        isSo: ({ tokens: [token = 0], masters }) =>
          masters.some(({ votes, reminder }) => votes.includes(Vote.forgot) && token > 0 && reminder?.floor === token),
      },
      {
        what: 'a reminder that is under way while its master forgets once more',
        scenario: { ...ALONE, losses: 2, rules: { ...ALONE.rules, comparesNonce: false } },
        isSo: ({ losses, masters }) => losses === 2 && masters.some(({ reminder }) => reminder?.isLate),
      },
      {
        what: 'holders of two keys by the vote of one master at once',
        scenario: { ...UNDISTURBED, holders: [0, 1, 0, 1], numbers: 1 },
        isSo: ({ holders, masters }) =>
          masters.some(({ keys }) => !keys.includes(null)) && holders.filter(isFenced).length === 2,
      },
    ];
    for (const { what, scenario, isSo } of cases) {
      it(what, () => {
        expect(searched(scenario, isSo).trace).not.to.equal(null);
      });
    }
  });

  describe('would hand out a token that does not rise', () => {
    const cases: readonly {
      readonly rule: Partial<Rules>;
      readonly lets: string;
      readonly after: readonly string[];
      readonly also?: Partial<Scenario>;
    }[] = [
      {
        rule: { acceptsOnlyAbove: false },
        lets: 'if masters that grant accepted any number: whichever clock is behind',
        after: ['0 is over', '1 grants 1 of 1: accepts'],
      },
      {
        rule: { forgetfulAbstain: false },
        lets: 'if one that has forgotten accepted numbers with its grants',
        after: ['0 is left with 0 and []', '0 grants 1 of 1: accepts'],
      },
      {
        rule: { forgetfulRefuse: false },
        lets: 'if one that has forgotten accepted what is written: it is reminded of what was read before',
        after: ['2 accepts 2 of 0', '2 is reminded of 1', '2 accepts 2 of 1'],
        also: { losses: 2 },
      },
      {
        rule: { toRemind: 1 },
        lets: 'if it were reminded by fewer: none of them may have been in the quorum',
        after: ['0 is told 0 by 2', '0 is reminded of 0', '0 grants 1 of 1: accepts'],
      },
      {
        rule: { remindsAfterQuarantine: false },
        lets: 'if the others were asked before its quarantine is over: who holds its vote may not have a token yet',
        after: ['0 is told 0 by 1', '1 grants 0 of 1: accepts', '0 is reminded of 0', '0 grants 1 of 1: accepts'],
      },
      {
        rule: { comparesNonce: false },
        lets: 'if a reminder that is late made good another loss',
        after: ['0 is reminded of 0', '0 is left with 0 and []', '0 is reminded of 0', '0 grants 1 of 1: accepts'],
        also: { losses: 2 },
      },
      {
        rule: { writesWhereHeld: false },
        lets: 'if a number were written where another has the key: he has been told already',
        after: ['1 grants 1 of 2: accepts', '0 goes above 2', '1 accepts 3 of 0', '0 grants 1 of 2: accepts'],
      },
      {
        rule: { toGoAbove: 1 },
        lets: 'if it were above what fewer than a quorum know: none of them may have accepted the last one',
        after: ['0 goes above 1', '1 accepts 2 of 0'],
        also: { losesAnswers: true },
      },
      {
        rule: { awaitsQuorum: false },
        lets: 'if it were not written: the highest of the answers and one more stands nowhere',
        after: ['0 goes above 2', '0 grants 1 of 2: accepts'],
      },
    ];
    for (const { rule, lets, after, also } of cases) {
      it(lets, () => {
        const { trace } = searched({ ...UNDISTURBED, ...also, rules: { ...THREE.rules, ...rule } });

        let at = -1;
        for (const step of after) {
          at = trace?.indexOf(step, at + 1) ?? -1;
          expect(at, `${step} in ${trace?.join('; ')}`).to.be.at.least(0);
        }
        expect(at).to.equal((trace?.length ?? 0) - 1);
      });
    }
  });

  describe('never loses a token between masters that forget in turn', () => {
    const sizes = [
      { masters: 3, quorum: 2, floor: 40 },
      { masters: 4, quorum: 3, floor: 1_700 },
      { masters: 5, quorum: 3, floor: 10_000 },
    ];
    const scenario = (masters: number, quorum: number, rules: Partial<reminders.Rules> = {}): reminders.Scenario => ({
      masters,
      quorum,
      losses: 4,
      atOnce: quorum - 1,
      rules: { sure: masters - quorum + 1, comparesNonce: true, bestEffort: 'read twice', ...rules },
    });
    for (const { masters, quorum, floor } of sizes) {
      it(`of ${masters}`, () => {
        const { states, trace } = memoriesSearched(scenario(masters, quorum));

        expect(trace).to.equal(null);
        expect(states).to.be.above(floor);
      });
    }

    it('and would if fewer of them had to be sure', () => {
      expect(memoriesSearched(scenario(5, 3, { sure: 2 })).trace).to.include('0 reads 3: sure, below');
    });

    // Two of five have forgotten at any time; and yet three have, by the time that the third has been read.
    it('and would if masters that are not sure were read once: each of them in its own time', () => {
      const { trace } = memoriesSearched(scenario(5, 3, { bestEffort: 'read once' }));

      expect(trace).to.include('1 reads 0: unsure, below').and.to.include('1 reads 2: unsure, below');
      expect(trace?.at(-1)).to.equal('1 is reminded');
    });
  });
});

import { expect } from 'chai';
import { MasterError } from '../../../lib/master/MasterError';
import { quorumOfGrants, quorumWithout, Votes, type Rule, type Verdict, type Vote } from '../../../lib/quorum/Votes';

const ANSWERS: readonly Vote[] = [
  { kind: 'granted' },
  { kind: 'taken', remainingMs: 5, rank: null },
  { kind: 'none', error: new MasterError('a:1', 'silent', 'no answer') },
];
const OF_RELEASES: readonly Vote[] = [...ANSWERS, { kind: 'absent' }];

type Order = readonly number[];
/** The vote of each master; null where it is still out. */
type Count = readonly (Vote | null)[];

const addresses = (size: number): readonly string[] => Array.from({ length: size }, (_, index) => `m:${index}`);
const quorumsOf = (size: number): readonly number[] =>
  addresses(size).flatMap((_, i) => (2 * (i + 1) > size ? [i + 1] : []));
const everyVote = (size: number, kinds: readonly Vote[]): readonly (readonly Vote[])[] =>
  size === 0 ? [[]] : everyVote(size - 1, kinds).flatMap((votes) => kinds.map((vote) => [...votes, vote]));
const everyOrder = (indexes: Order): readonly Order[] =>
  indexes.length === 0
    ? [[]]
    : indexes.flatMap((first) =>
        everyOrder(indexes.filter((other) => other !== first)).map((rest) => [first, ...rest]),
      );

/** What a full count comes to, as the rule says it. */
type Outcome = (votes: readonly Vote[], quorum: number) => Verdict;

const counted = (votes: readonly Vote[], ...kinds: readonly Vote['kind'][]): number =>
  votes.filter(({ kind }) => kinds.includes(kind)).length;

const ofAcquires: Outcome = (votes, quorum) => {
  if (counted(votes, 'granted') >= quorum) return 'granted';
  if (counted(votes, 'taken') >= votes.length - quorum + 1) return 'taken';
  return counted(votes, 'granted', 'taken') >= quorum ? 'taken' : 'no-quorum';
};

const ofReleases: Outcome = (votes, quorum) => {
  if (counted(votes, 'taken', 'absent') >= votes.length - quorum + 1) return 'taken';
  const isDeleted = counted(votes, 'granted') > 0;
  return isDeleted && counted(votes, 'granted', 'taken', 'absent') >= quorum ? 'granted' : 'no-quorum';
};

/** What a count with votes out can still come to, by trying everything that those could be. */
function outcomes(votes: Count, quorum: number, outcome: Outcome, kinds: readonly Vote[]): ReadonlySet<Verdict> {
  const out = votes.indexOf(null);
  if (out < 0) return new Set([outcome(votes as readonly Vote[], quorum)]);
  return new Set(kinds.flatMap((vote) => [...outcomes(votes.with(out, vote), quorum, outcome, kinds)]));
}

/** The outcomes of each partial count, reckoned once: the orders of voting pass through the same ones again and again. */
function oracle(quorum: number, outcome: Outcome, kinds: readonly Vote[]): (votes: Count) => Verdict | null {
  const known = new Map<string, Verdict | null>();
  return (votes) => {
    const name = votes.map((vote) => vote?.kind ?? 'out').join(' ');
    if (!known.has(name)) {
      const [first, ...others] = outcomes(votes, quorum, outcome, kinds);
      known.set(name, first !== undefined && others.length === 0 ? first : null);
    }
    return known.get(name) ?? null;
  };
}

/** Casts all votes in every order, and looks after each one whether the verdict is there as early as it can be. */
async function tryAll(
  size: number,
  quorum: number,
  rule: Rule,
  outcome: Outcome,
  kinds: readonly Vote[],
): Promise<void> {
  const settledBy = oracle(quorum, outcome, kinds);
  for (const cast of everyVote(size, kinds)) {
    for (const order of everyOrder([...cast.keys()])) {
      const votes = new Votes(addresses(size), quorum, rule);
      let verdict: Verdict | null = null;
      void votes.verdict().then((settled) => (verdict = settled));
      let seen: Count = cast.map(() => null);
      for (const index of order) {
        const vote = cast[index] as Vote;
        votes.cast(index, vote);
        seen = seen.with(index, vote);
        await Promise.resolve();
        // Text is built only where it is needed: there are thousands of these.
        if (verdict !== settledBy(seen)) {
          const told = order.map((master) => `${master} ${cast[master]?.kind}`).join(', ');
          expect.fail(`${verdict} and not ${settledBy(seen)} after ${index} of: ${told}`);
        }
      }
      expect(verdict).to.equal(outcome(cast, quorum));
    }
  }
}

describe('Votes', () => {
  for (const size of [1, 2, 3, 4, 5]) {
    for (const quorum of quorumsOf(size)) {
      it(`of ${size} masters, ${quorum} to agree, settle when no vote that is out could change them, in every order`, () =>
        tryAll(size, quorum, quorumOfGrants, ofAcquires, ANSWERS));
    }
  }

  for (const size of [1, 2, 3, 4]) {
    for (const quorum of quorumsOf(size)) {
      it(`of a release by ${size} masters, ${quorum} to agree, do the same`, () =>
        tryAll(size, quorum, quorumWithout, ofReleases, OF_RELEASES));
    }
  }

  it('answers at once who asks when it is settled', async () => {
    const votes = new Votes(addresses(3), 2, quorumOfGrants);
    votes.cast(2, { kind: 'granted' });
    votes.cast(0, { kind: 'granted' });

    expect(await votes.verdict()).to.equal('granted');
  });

  it('keeps its verdict when the last vote arrives behind it', async () => {
    const votes = new Votes(addresses(3), 2, quorumOfGrants);
    const verdict = votes.verdict();
    for (const index of [0, 1]) votes.cast(index, { kind: 'taken', remainingMs: null, rank: null });
    votes.cast(2, { kind: 'granted' });

    expect(await verdict).to.equal('taken');
    expect(await votes.verdict()).to.equal('taken');
  });

  it('tells of each master what it said, and null of one that has said nothing', () => {
    const votes = new Votes(addresses(2), 2, quorumOfGrants);
    votes.cast(1, { kind: 'taken', remainingMs: 7, rank: null });

    expect(votes.answers).to.eql([
      { address: 'm:0', vote: null },
      { address: 'm:1', vote: { kind: 'taken', remainingMs: 7, rank: null } },
    ]);
  });
});

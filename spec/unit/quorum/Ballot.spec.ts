import { expect } from 'chai';
import { Ballot, type Verdict, type Vote } from '../../../lib/quorum/Ballot';
import { MasterError } from '../../../lib/master/MasterError';

const VOTES: readonly Vote[] = [
  { kind: 'granted' },
  { kind: 'taken', remainingMs: 5, rank: null },
  { kind: 'none', error: new MasterError('a:1', 'silent', 'no answer') },
];

type Order = readonly number[];
/** The vote of each master; null where it is still out. */
type Count = readonly (Vote | null)[];

const addresses = (size: number): readonly string[] => Array.from({ length: size }, (_, index) => `m:${index}`);
const quorumsOf = (size: number): readonly number[] =>
  addresses(size).flatMap((_, i) => (2 * (i + 1) > size ? [i + 1] : []));
const everyVote = (size: number): readonly (readonly Vote[])[] =>
  size === 0 ? [[]] : everyVote(size - 1).flatMap((votes) => VOTES.map((vote) => [...votes, vote]));
const everyOrder = (indexes: Order): readonly Order[] =>
  indexes.length === 0
    ? [[]]
    : indexes.flatMap((first) =>
        everyOrder(indexes.filter((other) => other !== first)).map((rest) => [first, ...rest]),
      );

/** What a full count comes to, as the rule says it. */
function outcome(votes: readonly Vote[], quorum: number): Verdict {
  const count = (kind: Vote['kind']): number => votes.filter((vote) => vote.kind === kind).length;
  if (count('granted') >= quorum) return 'granted';
  if (count('taken') >= votes.length - quorum + 1) return 'taken';
  return count('granted') + count('taken') >= quorum ? 'taken' : 'no-quorum';
}

/** What a count with votes out can still come to, by trying everything that those could be. */
function outcomes(votes: Count, quorum: number): ReadonlySet<Verdict> {
  const out = votes.indexOf(null);
  if (out < 0) return new Set([outcome(votes as readonly Vote[], quorum)]);
  return new Set(VOTES.flatMap((vote) => [...outcomes(votes.with(out, vote), quorum)]));
}

/** The outcomes of each partial count, reckoned once: the orders of voting pass through the same ones again and again. */
function oracle(quorum: number): (votes: Count) => Verdict | null {
  const known = new Map<string, Verdict | null>();
  return (votes) => {
    const name = votes.map((vote) => vote?.kind ?? 'out').join(' ');
    if (!known.has(name)) {
      const [first, ...others] = outcomes(votes, quorum);
      known.set(name, first !== undefined && others.length === 0 ? first : null);
    }
    return known.get(name) ?? null;
  };
}

describe('Ballot', () => {
  for (const size of [1, 2, 3, 4, 5]) {
    for (const quorum of quorumsOf(size)) {
      it(`of ${size} masters, ${quorum} to agree, settles when no vote that is out could change it, in every order`, async () => {
        const settledBy = oracle(quorum);
        for (const votes of everyVote(size)) {
          for (const order of everyOrder([...votes.keys()])) {
            const ballot = new Ballot(addresses(size), quorum);
            let verdict: Verdict | null = null;
            void ballot.verdict().then((settled) => (verdict = settled));
            let seen: Count = votes.map(() => null);
            for (const index of order) {
              const vote = votes[index] as Vote;
              ballot.cast(index, vote);
              seen = seen.with(index, vote);
              await Promise.resolve();
              // Text is built only where it is needed: there are thousands of these.
              if (verdict !== settledBy(seen)) {
                const told = order.map((master) => `${master} ${votes[master]?.kind}`).join(', ');
                expect.fail(`${verdict} and not ${settledBy(seen)} after ${index} of: ${told}`);
              }
            }
            expect(verdict).to.equal(outcome(votes, quorum));
          }
        }
      });
    }
  }

  it('answers at once who asks when it is settled', async () => {
    const ballot = new Ballot(addresses(3), 2);
    ballot.cast(2, { kind: 'granted' });
    ballot.cast(0, { kind: 'granted' });

    expect(await ballot.verdict()).to.equal('granted');
  });

  it('keeps its verdict when the last vote arrives behind it', async () => {
    const ballot = new Ballot(addresses(3), 2);
    const verdict = ballot.verdict();
    for (const index of [0, 1]) ballot.cast(index, { kind: 'taken', remainingMs: null, rank: null });
    ballot.cast(2, { kind: 'granted' });

    expect(await verdict).to.equal('taken');
    expect(await ballot.verdict()).to.equal('taken');
  });

  it('tells of each master what it said, and null of one that has said nothing', () => {
    const ballot = new Ballot(addresses(2), 2);
    ballot.cast(1, { kind: 'taken', remainingMs: 7, rank: null });

    expect(ballot.voteOf(0)).to.equal(null);
    expect(ballot.voteOf(1)).to.eql({ kind: 'taken', remainingMs: 7, rank: null });
    expect(ballot.answers).to.eql([
      { address: 'm:0', vote: null },
      { address: 'm:1', vote: { kind: 'taken', remainingMs: 7, rank: null } },
    ]);
  });
});

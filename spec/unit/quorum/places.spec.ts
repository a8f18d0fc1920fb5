import { expect } from 'chai';
import type { Master } from '../../../lib/master/Master';
import type { Argument } from '../../../lib/master/Script';
import { Hold } from '../../../lib/quorum/Hold';
import { Rounds } from '../../../lib/quorum/Rounds';
import { Refusal } from '../../../lib/quorum/scripts';
import { systemClock } from '../../../lib/quorum/Stopwatch';
import { Voter, type ReleaseRound, type Round } from '../../../lib/quorum/Voter';
import { quorumOfGrants, quorumWithout, Votes, type Vote } from '../../../lib/quorum/Votes';

const TTL_MS = 1000;
const PLACE = { id: 'waiter', waitedMs: 70, keepMs: 1300 };
const taken = (rank: number | null = null): Vote => ({ kind: 'taken', remainingMs: 500, rank });

describe('A place in the line of a master', () => {
  /** The arguments of what is asked of a master that answers everything by `reply`. */
  async function asked(round: Round, args: readonly Argument[], reply: unknown): Promise<readonly Argument[]> {
    let sent: readonly Argument[] = [];
    const run = async (_sha: string, _numKeys: number, all: readonly Argument[]): Promise<unknown> => {
      sent = all;
      return reply;
    };
    const voter = new Voter(0, { address: 'm', run } as unknown as Master, { opening: round });
    await voter.evalsha('sha', 2, args);
    return sent;
  }
  const votes = new Votes(['m'], 1, quorumOfGrants);
  const hold = new Hold(['key', 'other'], 'token', [], TTL_MS, 1, 'pending');
  const ARGS = ['key', 'other', 'token', TTL_MS];

  it("is asked for behind redlock's own arguments", async () => {
    const round: Round = { kind: 'acquire', votes, hold, ttlMs: TTL_MS, place: PLACE, proposal: null };
    expect(await asked(round, ARGS, 2)).to.eql([...ARGS, '', 'waiter', 70, 1300]);
  });

  it('is not asked for by whoever does not wait', async () => {
    const round: Round = { kind: 'acquire', votes, hold, ttlMs: TTL_MS, place: null, proposal: null };
    expect(await asked(round, ARGS, 2)).to.eql(ARGS);
  });

  it('is not asked for by a release', async () => {
    const round: Round = { kind: 'release', votes, hold, only: null, hasWoken: false };
    expect(await asked(round, ['key', 'other', 'token'], 2)).to.eql(['key', 'other', 'token']);
  });

  it('is told in the vote', async () => {
    const told = new Votes(['m'], 1, quorumOfGrants);
    const round: Round = { kind: 'acquire', votes: told, hold, ttlMs: TTL_MS, place: PLACE, proposal: null };
    // To redlock it is a vote against.
    await asked(round, ARGS, [Refusal.taken, 500, 4]).catch(() => {});
    expect(told.answers[0]?.vote).to.eql(taken(4));
  });

  it('is the same one on every master, and in each attempt what the caller says', async () => {
    const sent: (readonly Argument[])[] = [];
    const run = async (_sha: string, numKeys: number, args: readonly Argument[]): Promise<unknown> => {
      // A round that is lost is given back, without a word of places.
      if (args.length > numKeys + 1) sent.push(args.slice(3));
      return [Refusal.taken, 500, 0];
    };
    const masters = [0, 1, 2].map((index) => ({ address: `m:${index}`, run }) as unknown as Master);
    const settings = { driftFactor: 0.01, retryCount: 0, retryDelay: 1, retryJitter: 0, nodeTimeoutMs: 0 };
    const rounds = new Rounds(masters, 2, settings, { isGuarded: false, isNotifying: true }, systemClock);
    await rounds.acquire(['key'], TTL_MS, PLACE);
    await rounds.acquire(['key'], TTL_MS, null);
    await rounds.idle();

    const place = ['', 'waiter', 70, 1300];
    expect(sent).to.eql([place, place, place, [], [], []]);
  });
});

describe('A release of which a master tells', () => {
  for (const [reply, count, hasWoken] of [
    [1, 1, false],
    [0, 0, false],
    [[1, 1], 1, true],
    [[1, 0], 1, false],
  ] as const) {
    it(`${JSON.stringify(reply)} has deleted ${count} and woken ${hasWoken ? 'somebody' : 'nobody'}`, async () => {
      const votes = new Votes(['m'], 1, quorumWithout);
      const hold = new Hold(['key'], 'token', [], TTL_MS, 1, 'held');
      const round: ReleaseRound = { kind: 'release', votes, hold, only: null, hasWoken: false };
      const run = (): Promise<unknown> => Promise.resolve(reply);
      const voter = new Voter(0, { address: 'm', run } as unknown as Master, { opening: round });

      expect(await voter.evalsha('sha', 1, ['key', 'token'])).to.equal(count);
      expect(votes.answers[0]?.vote?.kind).to.equal(count === 1 ? 'granted' : 'taken');
      expect(round.hasWoken).to.equal(hasWoken);
    });
  }
});

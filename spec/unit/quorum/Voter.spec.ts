import { expect } from 'chai';
import type { Debt } from '../../../lib/master/Debts';
import type { Master } from '../../../lib/master/Master';
import { MasterError } from '../../../lib/master/MasterError';
import type { Argument } from '../../../lib/master/Script';
import { Hold, type Copy } from '../../../lib/quorum/Hold';
import { Refusal } from '../../../lib/quorum/scripts';
import { Voter, type Round } from '../../../lib/quorum/Voter';
import { quorumOfGrants, quorumWithout, Votes, type Vote } from '../../../lib/quorum/Votes';

const ACQUIRE = 'sha of acquire';
const RELEASE = 'sha of release';
const TTL_MS = 1000;
const DEBT: Debt = { token: 'token', keys: ['key'] };
const ACQUIRE_ARGS = ['key', 'token', TTL_MS];
const RELEASE_ARGS = ['key', 'token'];

describe('Voter', () => {
  let asked: (readonly [string, number, readonly Argument[]])[];
  let isWanted: (mayHaveRun: boolean) => boolean;
  let debts: (readonly [Debt, number, boolean])[];
  let readmitted: MasterError[];
  let quarantinedMs: number[];
  let votes: Votes;
  let hold: Hold;

  beforeEach(() => {
    asked = [];
    debts = [];
    readmitted = [];
    quarantinedMs = [];
    votes = new Votes(['m:0', 'm:1'], 2, quorumOfGrants);
    hold = new Hold(['key'], 'token', [], TTL_MS, 2, 'pending');
  });

  /** A voter for the second of two masters, which answers everything by `reply`. */
  function voter(reply: () => Promise<unknown>, round: Round): Voter {
    const master = {
      address: 'm:1',
      owe: (debt: Debt, ttlMs: number, hasRun: boolean) => debts.push([debt, ttlMs, hasRun]),
      readmit: (error: MasterError) => readmitted.push(error),
      quarantined: (leftMs: number) => quarantinedMs.push(leftMs),
      run: (known: string, numKeys: number, args: readonly Argument[], wanted: typeof isWanted): Promise<unknown> => {
        asked.push([known, numKeys, args]);
        isWanted = wanted;
        return reply();
      },
    };
    return new Voter(1, master as unknown as Master, { opening: round });
  }

  const acquiring = (reply: () => Promise<unknown>): Voter =>
    voter(reply, { kind: 'acquire', votes, hold, ttlMs: TTL_MS, place: null, proposal: null });
  const releasing = (reply: () => Promise<unknown>): Voter => {
    votes = new Votes(['m:0', 'm:1'], 2, quorumWithout);
    return voter(reply, { kind: 'release', votes, hold, only: null, hasWoken: false });
  };
  const voteOf = (index: number): Vote | null | undefined => votes.answers[index]?.vote;
  const refusing = (error: MasterError) => (): Promise<never> => Promise.reject(error);
  const rejection = (call: Promise<unknown>): Promise<unknown> =>
    call.then(
      () => expect.fail('it did not reject'),
      (error: unknown) => error,
    );

  it('hands on what redlock asks for, and finds the round by the token behind the keys', async () => {
    await acquiring(() => Promise.resolve(2)).evalsha(ACQUIRE, 2, ['a', 'b', 'token', 1000]);

    expect(asked).to.eql([[ACQUIRE, 2, ['a', 'b', 'token', 1000]]]);
  });

  it('casts a grant where the script says how many keys it has set', async () => {
    expect(await acquiring(() => Promise.resolve(1)).evalsha(ACQUIRE, 1, ACQUIRE_ARGS)).to.equal(1);
    expect(votes.answers.map(({ vote }) => vote)).to.eql([null, { kind: 'granted' }]);
  });

  for (const [remaining, remainingMs, place, rank] of [
    [750, 750, -1, null],
    ['750', 750, '3', 3],
    [0, 0, 0, 0],
    [-1, null, -1, null],
    [-2, null, -1, null],
  ] as const) {
    it(`casts "taken" with ${remainingMs} ms left where the script says ${JSON.stringify(remaining)}`, async () => {
      const reply = (): Promise<unknown> => Promise.resolve([Refusal.taken, remaining, place]);

      // Against, to redlock.
      expect(await rejection(acquiring(reply).evalsha(ACQUIRE, 1, ACQUIRE_ARGS))).to.be.instanceOf(MasterError);
      expect(voteOf(1)).to.eql({ kind: 'taken', remainingMs, rank });
    });
  }

  it('casts nothing where a key holds data that is no lock, and names key and type', async () => {
    const reply = (): Promise<unknown> => Promise.resolve([Refusal.foreign, 'some "key"', 'hash']);
    const error = await rejection(acquiring(reply).evalsha(ACQUIRE, 1, ACQUIRE_ARGS));

    expect(error).to.be.instanceOf(MasterError).and.to.include({ kind: 'foreign-key', address: 'm:1' });
    expect((error as MasterError).message)
      .to.include('"some \\"key\\""')
      .and.to.include('hash');
    expect(voteOf(1)).to.eql({ kind: 'none', error });
  });

  it('casts nothing for an answer that it does not know', async () => {
    const error = await rejection(acquiring(() => Promise.resolve(['odd'])).evalsha(ACQUIRE, 1, ACQUIRE_ARGS));

    expect(error).to.be.instanceOf(MasterError).and.to.include({ kind: 'unexpected' });
    expect(voteOf(1)).to.eql({ kind: 'none', error });
  });

  it('casts nothing where the master has forgotten its admission, and has it admitted anew', async () => {
    const reply = (): Promise<unknown> => Promise.resolve([Refusal.unadmitted]);
    const error = await rejection(acquiring(reply).evalsha(ACQUIRE, 1, ACQUIRE_ARGS));

    expect(error).to.be.instanceOf(MasterError).and.to.include({ kind: 'unadmitted', address: 'm:1' });
    expect(voteOf(1)).to.eql({ kind: 'none', error });
    expect(readmitted).to.eql([error]);
  });

  it('casts nothing where the master is in quarantine, and says for how long', async () => {
    const reply = (): Promise<unknown> => Promise.resolve([Refusal.quarantined, 4711]);
    const error = await rejection(acquiring(reply).evalsha(ACQUIRE, 1, ACQUIRE_ARGS));

    expect(error).to.be.instanceOf(MasterError).and.to.include({ kind: 'quarantined', address: 'm:1' });
    expect((error as MasterError).message).to.include('4711 ms');
    expect(quarantinedMs).to.eql([4711]);
    expect(voteOf(1)).to.eql({ kind: 'none', error });
    expect(readmitted).to.eql([]);
  });

  it('leaves word of an acquire that may have run', async () => {
    const lost = new MasterError('m:1', 'unreachable', 'reset', true);

    expect(await rejection(acquiring(refusing(lost)).evalsha(ACQUIRE, 1, ACQUIRE_ARGS))).to.equal(lost);
    expect(debts).to.eql([[DEBT, TTL_MS, false]]);
  });

  it("casts nothing, and rejects with the master's own error, where the master did not run it", async () => {
    const silent = new MasterError('m:1', 'silent', 'no answer');

    expect(await rejection(acquiring(refusing(silent)).evalsha(ACQUIRE, 1, ACQUIRE_ARGS))).to.equal(silent);
    expect(voteOf(1)).to.eql({ kind: 'none', error: silent });
    expect(debts, 'it was never sent').to.eql([]);
  });

  it('wants an acquire for as long as its token was not given back', async () => {
    await acquiring(() => Promise.resolve(1)).evalsha(ACQUIRE, 1, ACQUIRE_ARGS);
    expect(isWanted(false)).to.equal(true);

    hold.isReleased = true;
    expect(isWanted(false)).to.equal(false);
  });

  it('wants a release always', async () => {
    hold.isReleased = true;
    await releasing(() => Promise.resolve(1)).evalsha(RELEASE, 1, RELEASE_ARGS);

    expect(isWanted(false)).to.equal(true);
  });

  for (const [count, vote] of [
    [1, { kind: 'granted' }],
    [0, { kind: 'taken', remainingMs: null, rank: null }],
  ] as const) {
    it(`casts "${vote.kind}" for a release that has deleted ${count} of 1 keys`, async () => {
      hold.record(1, 'held');
      expect(await releasing(() => Promise.resolve(count)).evalsha(RELEASE, 1, RELEASE_ARGS)).to.equal(count);
      expect(voteOf(1)).to.eql(vote);
    });
  }

  it('casts "absent" for a release that has found nothing where the lock is not known to have stood', async () => {
    hold.record(1, 'unknown');
    expect(await releasing(() => Promise.resolve(0)).evalsha(RELEASE, 1, RELEASE_ARGS)).to.equal(1);
    expect(voteOf(1)).to.eql({ kind: 'absent' });
  });

  it('takes a release for done whose second try finds nothing, as the first one may have run', async () => {
    hold.record(1, 'held');
    const reply = (): Promise<number> => (isWanted(true), Promise.resolve(0));
    expect(await releasing(reply).evalsha(RELEASE, 1, RELEASE_ARGS)).to.equal(1);
    expect(voteOf(1)).to.eql({ kind: 'granted' });
  });

  it('names every former token, and leaves word of each where the release was refused', async () => {
    hold = new Hold(['key'], 'token', ['first', 'second'], TTL_MS, 2, 'held');
    const refused = new MasterError('m:1', 'out-of-memory', 'OOM');
    await rejection(releasing(refusing(refused)).evalsha(RELEASE, 1, RELEASE_ARGS));

    expect(asked).to.eql([[RELEASE, 1, [...RELEASE_ARGS, 'first', 'second']]]);
    expect(debts.map(([{ token }]) => token)).to.eql(['token', 'first', 'second']);
  });

  it('does not ask a master to forget what it has refused', async () => {
    hold.record(1, 'absent');

    expect(await releasing(() => Promise.resolve(1)).evalsha(RELEASE, 1, RELEASE_ARGS)).to.equal(1);
    expect(asked).to.eql([]);
    expect(voteOf(1)).to.include({ kind: 'absent' });
  });

  it('leaves word of a lock that was granted while its release was on its way, and the release lost', async () => {
    const lost = new MasterError('m:1', 'unreachable', 'reset', true);
    const reply = async (): Promise<never> => {
      hold.record(1, 'held');
      return Promise.reject(lost);
    };

    expect(await rejection(releasing(reply).evalsha(RELEASE, 1, RELEASE_ARGS))).to.equal(lost);
    expect(debts).to.eql([[DEBT, TTL_MS, true]]);
  });

  for (const copy of ['pending', 'held', 'unknown'] as const satisfies readonly Copy[]) {
    it(`asks it where its copy is ${copy}`, async () => {
      hold.record(1, copy);
      await releasing(() => Promise.resolve(0)).evalsha(RELEASE, 1, RELEASE_ARGS);

      expect(asked).to.eql([[RELEASE, 1, RELEASE_ARGS]]);
    });
  }

  it('casts nothing for a release that the master did not run', async () => {
    const away = new MasterError('m:1', 'unreachable', 'refused');

    expect(await rejection(releasing(refusing(away)).evalsha(RELEASE, 1, RELEASE_ARGS))).to.equal(away);
    expect(voteOf(1)).to.eql({ kind: 'none', error: away });
    expect(debts, 'an acquire of which nothing is known is owed already').to.eql([]);
  });

  it('leaves word of a lock that it was granted and could not give back', async () => {
    const away = new MasterError('m:1', 'unreachable', 'refused');
    hold.record(1, 'held');

    expect(await rejection(releasing(refusing(away)).evalsha(RELEASE, 1, RELEASE_ARGS))).to.equal(away);
    expect(debts).to.eql([[DEBT, TTL_MS, true]]);
  });

  it("refuses redlock's own way around NOSCRIPT, which would come behind the release", async () => {
    const error = await rejection(acquiring(() => Promise.resolve(1)).eval());

    expect(error).to.be.instanceOf(MasterError).and.to.include({ kind: 'unexpected', address: 'm:1' });
    expect(asked).to.eql([]);
  });
});

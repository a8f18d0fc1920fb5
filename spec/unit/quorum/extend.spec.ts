import { expect } from 'chai';
import { Lease } from '../../../lib/lease/Lease';
import type { LeaseOwner } from '../../../lib/lease/Lease';
import type { Master } from '../../../lib/master/Master';
import type { Extended, Granted, Term } from '../../../lib/quorum/Hold';
import { Rounds } from '../../../lib/quorum/Rounds';
import type { Clock } from '../../../lib/quorum/Stopwatch';
import { KeepingMaster, type Command } from './KeepingMaster';

const SETTINGS = { driftFactor: 0.01, retryCount: 3, retryDelay: 1, retryJitter: 0, nodeTimeoutMs: 0 };
const TTL_MS = 60_000;
const LONGER_MS = 120_000;

/** Everything that was waiting for the answers has run. */
const settling = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** All lists of `length` of the given values. */
function allOf<T>(values: readonly T[], length: number): readonly (readonly T[])[] {
  if (length === 0) return [[]];
  return allOf(values, length - 1).flatMap((list) => values.map((value) => [...list, value]));
}

describe('An extension', () => {
  let masters: readonly KeepingMaster[] = [];
  let rounds: Rounds;
  let nowMs = 0;
  const clock: Clock = { monotonicMs: () => nowMs, wallMs: () => nowMs };

  /** A lock that each of the masters has granted, but for one that another had at that time. */
  async function grantBy(size: number, keys: readonly string[] = ['key'], refusedBy = -1): Promise<Granted> {
    let shas: readonly string[] = [];
    const commandOf = (sha: string): Command =>
      (['acquire', 'extend', 'release', 'verify'] as const)[shas.indexOf(sha)] ?? expect.fail('an unknown script');
    masters = Array.from({ length: size }, (_, index) => new KeepingMaster(`m:${index}`, commandOf));
    const scripts = { isGuarded: false, isNotifying: false };
    const quorum = Math.floor(size / 2) + 1;
    rounds = new Rounds(masters as unknown as readonly Master[], quorum, SETTINGS, scripts, clock);
    shas = [...rounds.scripts.forRun('run').keys()];
    masters[refusedBy]?.tokens.set('key', 'theirs');
    const acquired = await rounds.acquire(keys, TTL_MS, null);
    if (acquired.kind !== 'granted') expect.fail(`it was ${acquired.kind}`);
    await settling();
    for (const master of masters) master.asked.length = 0;
    return acquired;
  }

  const at = (index: number): KeepingMaster => masters[index] ?? expect.fail('no such master');
  const asked = (): readonly (readonly Command[])[] => masters.map((master) => master.asked);
  const tokens = (): readonly (string | undefined)[] => masters.map((master) => master.tokens.get('key'));
  const keptBy = (extended: Extended): Term =>
    extended.kind === 'kept' ? extended.term : expect.fail(`it was ${extended.kind}`);

  for (const size of [3, 4]) {
    const quorum = Math.floor(size / 2) + 1;
    const blocking = size - quorum + 1;
    for (const mask of allOf(['holds', 'gone', 'another', 'away'] as const, size)) {
      const holding = mask.filter((standing) => standing === 'holds').length;
      const lacking = mask.filter((standing) => standing === 'gone' || standing === 'another').length;
      const expected = holding >= quorum ? 'kept' : lacking >= blocking ? 'lost' : 'undecided';

      it(`over ${mask.join(', ')} is ${expected}`, async () => {
        const { hold } = await grantBy(size);
        const { token } = hold;
        for (const [index, standing] of mask.entries()) {
          if (standing === 'gone') at(index).tokens.clear();
          if (standing === 'another') at(index).tokens.set('key', 'theirs');
          if (standing === 'away') at(index).state = 'away';
        }
        // Whoever only asks is told the same, and changes nothing.
        const before = tokens();
        expect(await rounds.isLost(hold)).to.equal(expected === 'lost');
        expect(tokens()).to.eql(before);
        const extended = await rounds.extend(hold, LONGER_MS);
        await settling();

        expect(extended.kind).to.equal(expected);
        // Another's is never touched, and nothing is brought back without a quorum.
        const left = { holds: token, away: token, another: 'theirs', gone: expected === 'kept' ? token : undefined };
        expect(tokens()).to.eql(mask.map((standing) => left[standing]));
        if (expected !== 'kept') expect(asked().flat()).not.to.include('acquire');
      });
    }
  }

  it('counts its validity from before it was sent, for the new ttl', async () => {
    const { hold, term } = await grantBy(3);
    nowMs += 1000;
    at(0).run = async () => {
      nowMs += 40;
      return 1;
    };
    const extended = keptBy(await rounds.extend(hold, LONGER_MS));

    expect(extended).to.include({ ttlMs: LONGER_MS, validForMs: rounds.validForMs(LONGER_MS) });
    expect(term.stopwatch.elapsedMs()).to.equal(1040);
    expect(extended.stopwatch.elapsedMs()).to.equal(40);
  });

  it('is kept without waiting for a master that is slow', async () => {
    const { hold } = await grantBy(3);
    at(2).state = 'late';

    expect((await rounds.extend(hold, LONGER_MS)).kind).to.equal('kept');
    at(2).answer();
  });

  it('waits for the last master before it is undecided', async () => {
    const { hold } = await grantBy(5);
    for (const gone of [1, 2, 4]) at(gone).tokens.clear();
    at(3).state = 'away';
    at(4).state = 'late';
    const extending = rounds.extend(hold, LONGER_MS);
    await settling();
    at(4).answer();

    expect((await extending).kind).to.equal('lost');
  });

  it('heals all keys of a master or none', async () => {
    const { hold } = await grantBy(3, ['key', 'other']);
    at(0).tokens.clear();
    at(1).tokens.delete('other');
    for (let round = 0; round < 2; round++) await rounds.extend(hold, LONGER_MS);
    await settling();

    expect([...at(0).tokens.keys()]).to.eql([]);
    expect([...at(1).tokens.keys()]).to.eql(['key']);
    at(1).tokens.clear();
    at(1).tokens.set('key', hold.token).set('other', hold.token);
    keptBy(await rounds.extend(hold, LONGER_MS));
    await settling();
    expect([...at(0).tokens.keys()]).to.eql(['key', 'other']);
  });

  describe('that has healed a master', () => {
    it('has its release ask that master again, though it had refused the lock before', async () => {
      const { hold } = await grantBy(3, ['key'], 2);
      at(2).tokens.clear();
      keptBy(await rounds.extend(hold, LONGER_MS));
      await settling();
      expect(tokens()).not.to.include(undefined);
      await rounds.release(hold);

      expect(asked()[2]).to.eql(['extend', 'acquire', 'release']);
      expect(tokens()).to.eql([undefined, undefined, undefined]);
    });

    it('has its release ask also while the answer is still out', async () => {
      const { hold } = await grantBy(3, ['key'], 2);
      at(2).tokens.clear();
      keptBy(await rounds.extend(hold, LONGER_MS));
      at(2).state = 'late';
      await rounds.release(hold);
      at(2).answer();
      await settling();

      expect(tokens()).to.eql([undefined, undefined, undefined]);
    });

    it('leaves word of it where the answer was lost', async () => {
      const { hold } = await grantBy(3);
      at(2).tokens.clear();
      const run = at(2).run.bind(at(2));
      at(2).run = (sha, numKeys, args) => {
        const isHeal = at(2).asked.at(-1) === 'extend';
        if (isHeal) at(2).state = 'cut';
        return run(sha, numKeys, args);
      };
      keptBy(await rounds.extend(hold, LONGER_MS));
      await settling();

      expect(at(2).asked).to.eql(['extend', 'acquire']);
      expect(at(2).debts).to.eql([`${hold.token} for ${LONGER_MS} ms`]);
    });
  });

  it('bears with a master in quarantine, which refuses to be healed, and tries again each time', async () => {
    const { hold } = await grantBy(3);
    at(2).tokens.clear();
    at(2).isQuarantined = true;
    for (let round = 0; round < 2; round++) {
      keptBy(await rounds.extend(hold, LONGER_MS));
      await settling();
    }
    expect(tokens()[2]).to.equal(undefined);
    at(2).isQuarantined = false;
    keptBy(await rounds.extend(hold, LONGER_MS));
    await settling();

    expect(asked()[2]).to.eql(['extend', 'acquire', 'extend', 'acquire', 'extend', 'acquire']);
    expect(tokens()[2]).to.equal(hold.token);
  });

  it('heals nobody once a later one was sent, whose ttl may be shorter', async () => {
    const { hold } = await grantBy(3);
    at(2).tokens.clear();
    at(2).state = 'late';
    keptBy(await rounds.extend(hold, LONGER_MS));
    keptBy(await rounds.extend(hold, TTL_MS));
    const run = at(2).run.bind(at(2));
    const healedFor: unknown[] = [];
    at(2).run = (sha, numKeys, args) => {
      healedFor.push(args.at(-1));
      return run(sha, numKeys, args);
    };
    at(2).answer();
    await settling();

    expect(healedFor).to.eql([TTL_MS]);
  });

  it('is lost without waiting for a master that is slow', async () => {
    const { hold } = await grantBy(3);
    at(2).state = 'late';
    at(0).tokens.clear();
    at(1).tokens.clear();
    let extended: Extended | null = null;
    void rounds.extend(hold, LONGER_MS).then((settled) => (extended = settled));
    await settling();
    expect(extended).to.include({ kind: 'lost' });
    at(2).answer();
    await settling();
  });

  it('heals a master that says later than the quorum that it had lost the lock', async () => {
    const { hold } = await grantBy(3);
    at(2).tokens.clear();
    at(2).state = 'late';
    keptBy(await rounds.extend(hold, LONGER_MS));
    at(2).answer();
    await settling();

    expect(asked()[2]).to.eql(['extend', 'acquire']);
    expect(new Set(tokens()).size).to.equal(1);
  });

  it('does not heal a master any more once the lock was given back', async () => {
    const { hold } = await grantBy(3);
    at(2).tokens.clear();
    for (const master of masters) master.state = 'late';
    const extending = rounds.extend(hold, LONGER_MS);
    const releasing = rounds.release(hold);
    for (const master of masters) master.answer();
    await Promise.all([extending, releasing]);
    await settling();

    expect(tokens()).to.eql([undefined, undefined, undefined]);
    for (const commands of asked()) expect(commands).to.eql(['extend', 'release']);
  });

  it('of a lock that is adopted takes every master for one that may hold it, whatever it has answered', async () => {
    const former = (await grantBy(3)).hold.token;
    const inheritance = { keys: ['key'], token: former, formerTokens: [], longestTtlMs: TTL_MS, fencingToken: 7 };
    const adopted = rounds.inherit(inheritance);
    const { token } = adopted;
    at(2).state = 'away';
    keptBy(await rounds.extend(adopted, TTL_MS));
    expect(tokens()).to.eql([token, token, former]);
    expect(adopted.fencingToken).to.equal(7);
    for (const master of masters) master.state = 'away';
    await rounds.release(adopted);
    await settling();

    const debts = [token, former].map((owed) => `${owed} for ${TTL_MS} ms`);
    expect(masters.map((master) => master.debts)).to.eql([debts, debts, debts]);
  });

  it('that was undecided makes an unconfirmed release remembered for as long as a minority may hold it', async () => {
    const { hold, term } = await grantBy(3);
    const owner: Pick<LeaseOwner, 'extend' | 'release' | 'validForMs' | 'onValidity' | 'undecided'> = {
      extend: (from, ttlMs) => rounds.extend(from, ttlMs),
      release: (_lease, from) => rounds.release(from),
      validForMs: (ttlMs) => rounds.validForMs(ttlMs),
      onValidity: () => {},
      undecided: () => new Error('undecided'),
    };
    const lease = new Lease(['key'], hold, term, owner as LeaseOwner);
    for (const lost of [1, 2]) at(lost).state = 'away';
    await lease.extend(LONGER_MS).catch(() => {});
    for (const master of masters) master.state = 'away';
    await lease.release();
    await settling();

    // Forgotten sooner, it would stand on that master without an owner until its ttl has passed.
    expect(at(0).debts).to.eql([`${hold.token} for ${LONGER_MS} ms`]);
  });
});

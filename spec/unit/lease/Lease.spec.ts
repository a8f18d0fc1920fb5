import { expect } from 'chai';
import { useFakeTimers, type SinonFakeTimers } from 'sinon';
import { Lease } from '../../../lib/lease/Lease';
import type { LeaseOwner } from '../../../lib/lease/Lease';
import { Hold, type Extended, type Released, type Term } from '../../../lib/quorum/Hold';
import { Stopwatch, systemClock } from '../../../lib/quorum/Stopwatch';
import { quorumWithout, Votes, type Verdict } from '../../../lib/quorum/Votes';
import { Countdowns } from '../../../lib/wait/Countdown';

const TTL_MS = 1000;
const DRIFT_MS = 12;
const TOKEN = 'zzsecretzz';

/** Settles rounds when it is told to, and takes down what it was told. */
class FakeOwner implements LeaseOwner {
  readonly told: string[] = [];
  readonly countdowns = new Countdowns();
  readonly #rounds: ((extended: Extended) => void)[] = [];
  verdict: Verdict = 'granted';
  /** What the masters say of a lock that is verified. */
  answerLost: (isLost: boolean) => void = () => {};

  extend(_hold: Hold, ttlMs: number): Promise<Extended> {
    this.told.push(`extend ${ttlMs}`);
    const stopwatch = new Stopwatch(systemClock);
    return new Promise((resolve) => {
      this.#rounds.push((extended) =>
        resolve(
          extended.kind === 'kept'
            ? {
                kind: 'kept',
                term: { stopwatch, ttlMs, validForMs: this.validForMs(ttlMs) },
                votes: new Votes(['m:0'], 1, quorumWithout),
              }
            : extended,
        ),
      );
    });
  }

  /** The round under way comes to this. */
  async settle(kind: Extended['kind']): Promise<void> {
    this.#rounds.shift()?.({ kind, answers: [] } as unknown as Extended);
    await turn();
  }

  async release(): Promise<Released> {
    this.told.push('release');
    return { verdict: this.verdict, votes: new Votes(['m:0'], 1, quorumWithout), hasWoken: false };
  }

  isLost = (): Promise<boolean> => new Promise((resolve) => (this.answerLost = resolve));

  async keep(): Promise<Extended> {
    this.told.push('keep');
    return { kind: 'lost', answers: [] };
  }

  validForMs = (ttlMs: number): number => ttlMs - DRIFT_MS;
  onLost = (): void => void this.told.push('lost');
  onValidity = (): void => {};
  onHandedOver = (): void => void this.told.push('handed over');
  lost = (_lease: Lease, reason: string): Error => Object.assign(new Error(reason), { code: 'LOCK_LOST' });
  closed = (): Error => Object.assign(new Error(), { code: 'CLOSED' });
  notHeld = (): Error => Object.assign(new Error(), { code: 'NOT_HELD' });
  undecided = (): Error => Object.assign(new Error(), { code: 'NO_QUORUM' });
}

/** Everything that was waiting for a promise has run; no timer has. */
async function turn(): Promise<void> {
  for (let step = 0; step < 10; step++) await Promise.resolve();
}

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'resolved',
    (error: { readonly code?: unknown }) => error.code,
  );

describe('A lease', () => {
  let clock: SinonFakeTimers;
  let owner: FakeOwner;
  let lease: Lease;
  let term: Term;

  beforeEach(() => {
    clock = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
    owner = new FakeOwner();
    const hold = new Hold(['key'], TOKEN, [], TTL_MS, 1, 'held');
    term = { stopwatch: new Stopwatch(systemClock), ttlMs: TTL_MS, validForMs: 988 };
    lease = new Lease(['key'], hold, term, owner);
  });
  afterEach(() => {
    clock.restore();
  });

  it('is valid for its ttl without the drift, and says for how much longer', () => {
    expect(lease.remaining()).to.equal(988);
    clock.tick(900);
    expect(lease).to.satisfy((it: Lease) => it.isValid() && it.remaining() === 88);
    clock.tick(88);
    expect(lease).to.satisfy((it: Lease) => !it.isValid() && it.remaining() === 0);
  });

  it('keeps no timer where nobody asks for its signal', () => {
    expect(clock.countTimers()).to.equal(0);
    void lease.signal;
    expect(clock.countTimers()).to.equal(1);
  });

  describe('of which nothing was heard', () => {
    it('is lost at the end of its validity, by a timer of its own', () => {
      const { signal } = lease;
      let fired = 0;
      signal.addEventListener('abort', () => (fired += 1));
      clock.tick(987);
      expect(signal.aborted).to.equal(false);
      clock.tick(1);

      expect(signal.aborted).to.equal(true);
      expect(signal.reason).to.include({ code: 'LOCK_LOST' });
      expect(fired).to.equal(1);
      expect(owner.told).to.eql(['lost']);
    });

    it('is found to be lost at the first look, before its timer had its turn', () => {
      const { signal } = lease;
      // As if the loop had been blocked: time has passed, and no timer has fired.
      clock.setSystemTime(5000);

      expect(lease.isValid()).to.equal(false);
      expect(lease.signal).to.equal(signal);
      expect(signal.aborted).to.equal(true);
      expect(clock.countTimers()).to.equal(0);
    });

    it('has a signal that has fired already where it is asked for too late', () => {
      clock.tick(2000);

      expect(lease.signal.aborted).to.equal(true);
      expect(lease.signal.reason).to.include({ code: 'LOCK_LOST' });
    });

    it('is not extended any more', async () => {
      clock.tick(988);

      expect(await codeOf(lease.extend(TTL_MS))).to.equal('LOCK_LOST');
      expect(owner.told).to.eql(['lost']);
    });
  });

  describe('whose lock is closed', () => {
    it('tells its signal first, and gives the lock back then', async () => {
      lease.signal.addEventListener('abort', () => owner.told.push(`told ${String(lease.isValid())}`));
      const closed = lease.close();
      expect(owner.told).to.eql(['told false']);
      await closed;

      expect(owner.told).to.eql(['told false', 'release']);
      expect(lease.signal.reason).to.include({ code: 'CLOSED' });
      expect(clock.countTimers()).to.equal(0);
    });

    it('gives nothing back twice, and says what came of it to a release', async () => {
      await Promise.all([lease.close(), lease.close()]);

      expect((await lease.release()).kind).to.equal('released');
      expect(owner.told).to.eql(['release']);
    });

    it('is not revived by an extension that was under way', async () => {
      const extended = codeOf(lease.extend(TTL_MS));
      await turn();
      await lease.close();
      await owner.settle('kept');

      expect(await extended).to.equal('CLOSED');
      expect(lease.isValid()).to.equal(false);
    });

    it('was lost, where its validity had ended before', async () => {
      clock.setSystemTime(5000);
      await lease.close();

      expect(lease.signal.reason).to.include({ code: 'LOCK_LOST' });
    });
  });

  describe('that is verified', () => {
    it('is lost where the masters say so, and not where they do not', async () => {
      const { signal } = lease;
      void lease.verify();
      owner.answerLost(false);
      await turn();
      expect(signal.aborted).to.equal(false);

      void lease.verify();
      owner.answerLost(true);
      await turn();
      expect(signal.reason).to.include({ code: 'LOCK_LOST' });
      expect(owner.told).to.eql(['lost']);
    });

    it('is lost without asking where its validity has ended', () => {
      clock.tick(988);
      void lease.verify();

      expect(owner.told).to.eql(['lost']);
      expect(lease.signal.reason).to.include({ code: 'LOCK_LOST' });
    });

    it('is not lost where it was released or handed over meanwhile', async () => {
      for (const end of [() => lease.release(), () => lease.handOver()]) {
        lease = new Lease(['key'], new Hold(['key'], TOKEN, [], TTL_MS, 1, 'held'), term, owner);
        const { signal } = lease;
        void lease.verify();
        await end();
        owner.answerLost(true);
        await turn();
        expect(signal.aborted).to.equal(false);
      }
      expect(owner.told).to.eql(['release', 'handed over']);
    });

    it('is what its extension says where one was sent meanwhile', async () => {
      void lease.verify();
      void lease.extend(3000);
      await turn();
      owner.answerLost(true);
      await owner.settle('kept');

      expect(lease.remaining()).to.equal(2988);
    });

    it('has its extension throw LOCK_LOST where it was lost meanwhile', async () => {
      const extending = codeOf(lease.extend(3000));
      await turn();
      void lease.verify();
      owner.answerLost(true);
      await owner.settle('kept');

      expect(await extending).to.equal('LOCK_LOST');
      expect(owner.told).to.eql(['extend 3000', 'lost']);
    });
  });

  describe('that is extended', () => {
    it('is valid for the new ttl from when it was sent', async () => {
      clock.tick(500);
      const extending = lease.extend(3000);
      await turn();
      clock.tick(100);
      expect(lease.remaining()).to.equal(388);
      await owner.settle('kept');

      expect(await codeOf(extending)).to.equal('resolved');
      expect(lease.remaining()).to.equal(3000 - DRIFT_MS - 100);
    });

    it('moves the end that its signal waits for, either way', async () => {
      const { signal } = lease;
      void lease.extend(3000);
      await turn();
      await owner.settle('kept');
      clock.tick(2000);
      expect(signal.aborted).to.equal(false);
      void lease.extend(100);
      await turn();
      await owner.settle('kept');
      clock.tick(87);
      expect(signal.aborted).to.equal(false);
      clock.tick(1);
      expect(signal.aborted).to.equal(true);
    });

    it('is valid for the shorter of both from the moment that it is sent', async () => {
      const { signal } = lease;
      const extending = codeOf(lease.extend(100));
      await turn();
      expect(lease.remaining()).to.equal(88);
      await owner.settle('undecided');
      expect(await extending).to.equal('NO_QUORUM');
      clock.tick(87);
      expect(signal.aborted).to.equal(false);
      clock.tick(1);
      expect(signal.aborted).to.equal(true);
    });

    it('stays as it was where too few could say, and may be extended again', async () => {
      clock.tick(500);
      const undecided = codeOf(lease.extend(3000));
      await turn();
      await owner.settle('undecided');
      expect(await undecided).to.equal('NO_QUORUM');
      expect(lease.remaining()).to.equal(488);
      expect(lease.signal.aborted).to.equal(false);

      const kept = codeOf(lease.extend(3000));
      await turn();
      await owner.settle('kept');
      expect(await kept).to.equal('resolved');
      expect(lease.remaining()).to.equal(2988);
    });

    it('has the lock given back at the end of its validity where too few could say, though nobody looks', async () => {
      const undecided = codeOf(lease.extend(3000));
      await turn();
      await owner.settle('undecided');
      await undecided;
      clock.tick(987);
      expect(owner.told).to.eql(['extend 3000']);
      clock.tick(1);
      expect(owner.told).to.eql(['extend 3000', 'lost']);
    });

    it('is lost at once where the masters have lost it, and stays so', async () => {
      const { signal } = lease;
      const extending = codeOf(lease.extend(3000));
      await turn();
      await owner.settle('lost');

      expect(await extending).to.equal('LOCK_LOST');
      expect(lease.isValid()).to.equal(false);
      expect(signal.reason).to.include({ code: 'LOCK_LOST' });
      expect(await codeOf(lease.extend(3000))).to.equal('LOCK_LOST');
      expect(owner.told).to.eql(['extend 3000', 'lost']);
      expect(clock.countTimers()).to.equal(0);
    });

    it('is not revived by a quorum that comes after its end', async () => {
      const { signal } = lease;
      const extending = codeOf(lease.extend(3000));
      await turn();
      clock.tick(988);
      await owner.settle('kept');

      expect(await extending).to.equal('LOCK_LOST');
      expect(lease.isValid()).to.equal(false);
      expect(signal.aborted).to.equal(true);
    });

    it('is extended by one at a time', async () => {
      const extending = [lease.extend(2000), lease.extend(3000)].map(codeOf);
      await turn();
      expect(owner.told).to.eql(['extend 2000']);
      await owner.settle('undecided');
      expect(owner.told).to.eql(['extend 2000', 'extend 3000']);
      await owner.settle('kept');

      expect(await Promise.all(extending)).to.eql(['NO_QUORUM', 'resolved']);
      expect(lease.remaining()).to.equal(2988);
    });

    it('is asked by how much it is to be renewed when the turn of that has come', async () => {
      void lease.extend(TTL_MS);
      let askedAtMs = 0;
      const renewing = lease.renew(() => {
        askedAtMs = performance.now();
        return 500;
      });
      await turn();
      await clock.tickAsync(100);
      await owner.settle('kept');
      await owner.settle('kept');

      await renewing;
      expect(askedAtMs).to.equal(100);
      expect(lease.remaining()).to.equal(500 - DRIFT_MS);
    });

    it('is left as it is by a renewal that asks for nothing', async () => {
      const remainingMs = lease.remaining();
      await lease.renew(() => 0);
      expect(owner.told).to.eql([]);
      expect(lease.remaining()).to.equal(remainingMs);
    });

    it('may be released meanwhile, which waits for nothing', async () => {
      const { signal } = lease;
      const extending = codeOf(lease.extend(3000));
      await turn();
      expect((await lease.release()).kind).to.equal('released');
      await owner.settle('kept');

      expect(await extending).to.equal('NOT_HELD');
      expect(lease.isValid()).to.equal(false);
      expect(signal.aborted).to.equal(false);
      expect(clock.countTimers()).to.equal(0);
    });
  });

  describe('that is released', () => {
    for (const [verdict, kind] of [
      ['granted', 'released'],
      ['taken', 'taken'],
      ['no-quorum', 'unreachable'],
    ] as const) {
      it(`says "${kind}" where the masters' votes come to ${verdict}, also when it is asked again`, async () => {
        owner.verdict = verdict;
        expect((await lease.release()).kind).to.equal(kind);
        clock.tick(5000);
        expect((await lease.release()).kind).to.equal(kind);
        expect(owner.told).to.eql(['release']);
      });
    }

    it('is not valid any more, and never lost', async () => {
      const { signal } = lease;
      const releasing = lease.release();
      expect(lease.isValid()).to.equal(false);
      await releasing;
      clock.tick(5000);

      expect(signal.aborted).to.equal(false);
      expect(lease.signal).to.equal(signal);
      expect(clock.countTimers()).to.equal(0);
      expect(await codeOf(lease.extend(TTL_MS))).to.equal('NOT_HELD');
      expect(() => lease.handOver())
        .to.throw()
        .with.property('code', 'NOT_HELD');
    });

    it('has a signal that never fires where it is asked for afterwards', async () => {
      await lease.release();
      clock.tick(5000);

      expect(lease.signal.aborted).to.equal(false);
      expect(clock.countTimers()).to.equal(0);
    });

    it('settles at once where it has expired, and has the masters cleaned up behind', async () => {
      let settle: (released: Released) => void = () => {};
      owner.release = () => {
        owner.told.push('release');
        return new Promise((resolve) => (settle = resolve));
      };
      clock.tick(990);

      expect((await lease.release()).kind).to.equal('expired');
      expect(owner.told).to.eql(['release']);
      settle({ verdict: 'taken', votes: new Votes(['m:0'], 1, quorumWithout), hasWoken: false });
      expect((await lease.release()).kind).to.equal('expired');
      expect(owner.told).to.eql(['release']);
    });

    it('says "expired" where it was lost, whose release was sent with its loss', async () => {
      void lease.signal;
      clock.tick(988);

      expect((await lease.release()).kind).to.equal('expired');
      expect(owner.told).to.eql(['lost']);
    });

    it('is so at the end of an `await using` block', async () => {
      await lease[Symbol.asyncDispose]();

      expect(owner.told).to.eql(['release']);
    });
  });

  describe('that is handed over', () => {
    it('gives everything away, and is not held here any more', async () => {
      const { signal } = lease;
      expect(lease.handOver()).to.eql({
        keys: ['key'],
        token: TOKEN,
        formerTokens: [],
        ttl: TTL_MS,
        longestTtl: TTL_MS,
        fencingToken: null,
      });

      expect(lease.isValid()).to.equal(false);
      expect((await lease.release()).kind).to.equal('handed-over');
      expect(await codeOf(lease.extend(TTL_MS))).to.equal('NOT_HELD');
      clock.tick(5000);
      expect(signal.aborted).to.equal(false);
      expect(owner.told).to.eql(['handed over']);
    });

    it('has the ttl that it was last extended for', async () => {
      void lease.extend(3000);
      await turn();
      await owner.settle('kept');

      expect(lease.handOver().ttl).to.equal(3000);
    });

    it('cannot be when it has run out', () => {
      clock.tick(988);

      expect(() => lease.handOver())
        .to.throw()
        .with.property('code', 'LOCK_LOST');
    });
  });
});

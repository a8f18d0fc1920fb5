import { expect } from 'chai';
import { useFakeTimers, type SinonFakeTimers } from 'sinon';
import type { Lease } from '../../../lib/lease/Lease';
import { Renewals } from '../../../lib/lease/Renewals';

const TTL_MS = 3000;
/** Leases that are due within so many ms of each other are renewed together, so a renewal may be early by as much. */
const TOGETHER_MS = 25;

interface Asked {
  readonly atMs: number;
  readonly ttlMs: number;
}

/** A lease that is extended as its script says, and keeps what it was asked. */
class ScriptedLease {
  readonly asked: Asked[] = [];
  /** What an extension comes to. */
  answers: 'kept' | 'undecided' | 'lost' | 'never' = 'kept';
  /** An extension by its holder, behind which a renewal waits. */
  turn: Promise<void> | null = null;
  #endsMs: number;

  /** Whether the end of its validity is noticed though nobody looks. */
  isWatched = false;
  readonly #mayHoldUntilMs: number;

  constructor(ttlMs = TTL_MS, maxHoldMs = Infinity) {
    this.#endsMs = performance.now() + ttlMs;
    this.#mayHoldUntilMs = performance.now() + maxHoldMs;
  }

  mayHoldMs = (): number => Math.floor(this.#mayHoldUntilMs - performance.now());
  watch = (): void => void (this.isWatched = true);

  remaining = (): number => Math.max(0, this.#endsMs - performance.now());
  isValid = (): boolean => this.remaining() > 0;
  end = (): void => void (this.#endsMs = 0);
  /** How often it was to look whether it is over. */
  verified = 0;
  verify = async (): Promise<void> => void (this.verified += 1);

  async renew(ttlOf: () => number): Promise<void> {
    if (this.turn !== null) await this.turn;
    const ttlMs = ttlOf();
    if (ttlMs > 0) await this.#extend(ttlMs);
  }

  async #extend(ttlMs: number): Promise<void> {
    this.asked.push({ atMs: performance.now(), ttlMs });
    if (this.answers === 'never') await new Promise(() => {});
    if (this.answers === 'lost') this.end();
    if (this.answers !== 'kept') throw new Error(this.answers);
    this.#endsMs = performance.now() + ttlMs;
  }
}

describe('Renewals', () => {
  let clock: SinonFakeTimers;
  let renewals: Renewals;

  beforeEach(() => {
    clock = useFakeTimers();
    renewals = new Renewals();
  });
  afterEach(() => {
    renewals.close();
    clock.restore();
  });

  function renew(lease: ScriptedLease, ttlMs = TTL_MS): ScriptedLease {
    renewals.add(lease as unknown as Lease, ttlMs);
    return lease;
  }

  it('have a lease look that is over when one is due: a clock may be set right again', async () => {
    const lease = renew(new ScriptedLease());
    lease.end();
    await clock.tickAsync(TTL_MS / 3);
    expect(lease.verified).to.equal(1);

    const refused = renew(new ScriptedLease());
    refused.answers = 'undecided';
    await clock.tickAsync(TTL_MS / 3 - 1);
    const extended = refused.renew.bind(refused);
    refused.renew = async (ttlOf) => {
      refused.end();
      return extended(ttlOf);
    };
    await clock.tickAsync(TTL_MS);
    expect(refused.verified).to.equal(1);
  });

  it('come at each third of the ttl, for the whole ttl', async () => {
    const lease = renew(new ScriptedLease());
    await clock.tickAsync(4 * TTL_MS);

    expect(lease.asked.length).to.be.within(12, 13);
    expect(lease.isValid()).to.equal(true);
    let lastMs = 0;
    for (const { atMs, ttlMs } of lease.asked) {
      expect(atMs - lastMs).to.be.within(TTL_MS / 3 - TOGETHER_MS, TTL_MS / 3 + 1);
      expect(ttlMs).to.equal(TTL_MS);
      lastMs = atMs;
    }
  });

  for (const ttlMs of [10, 31, 100]) {
    it(`come in time for a ttl of ${ttlMs} ms as well`, async () => {
      const lease = renew(new ScriptedLease(ttlMs), ttlMs);
      await clock.tickAsync(50 * ttlMs);

      expect(lease.isValid()).to.equal(true);
      expect(lease.asked.length).to.be.within(120, 190);
    });
  }

  it('of a thousand leases wait on one timer', async () => {
    const leases = Array.from({ length: 1000 }, (_, index) => {
      const ttlMs = TTL_MS + (index % 7) * 1000;
      return renew(new ScriptedLease(ttlMs), ttlMs);
    });
    expect(clock.countTimers()).to.equal(1);
    for (let turn = 0; turn < 20; turn++) {
      await clock.tickAsync(500);
      expect(clock.countTimers()).to.equal(1);
    }
    expect(leases.every((lease) => lease.isValid())).to.equal(true);
  });

  it('that are due together go out in one turn of the loop', async () => {
    const leases: ScriptedLease[] = [];
    for (let index = 0; index < 1000; index++) {
      leases.push(renew(new ScriptedLease()));
      // Their acquires took a while, as they do.
      if (index % 100 === 0) clock.tick(1);
    }
    let turns = 0;
    while (leases.some(({ asked }) => asked.length === 0)) {
      clock.next();
      if (leases.some(({ asked }) => asked.length > 0)) turns += 1;
    }
    // All that began within the same 25 ms are due at once, wherever the bounds lie.
    expect(turns).to.be.at.most(2);
    await clock.tickAsync(0);
  });

  it('are tried again while they are undecided, for as long as the lease is held', async () => {
    const lease = renew(new ScriptedLease());
    lease.answers = 'undecided';
    await clock.tickAsync(TTL_MS / 3 + 1);
    expect(lease.asked).to.have.length(1);

    await clock.tickAsync(TTL_MS);
    expect(lease.isValid()).to.equal(false);
    expect(lease.asked.length).to.be.within(6, 100);
    const [last] = lease.asked.slice(-1);
    expect(last?.atMs).to.be.below(TTL_MS);
    expect(clock.countTimers()).to.equal(0);
  });

  it('go on as before once they are decided again', async () => {
    const lease = renew(new ScriptedLease());
    lease.answers = 'undecided';
    await clock.tickAsync(TTL_MS / 3 + TTL_MS / 5);
    lease.answers = 'kept';
    await clock.tickAsync(TTL_MS / 10);
    const { length } = lease.asked;
    await clock.tickAsync(2 * TTL_MS);

    expect(lease.isValid()).to.equal(true);
    expect(lease.asked.length - length).to.be.within(5, 7);
  });

  for (const [how, end] of [
    ['released', (lease: ScriptedLease) => lease.end()],
    ['found to be lost', (lease: ScriptedLease) => (lease.answers = 'lost')],
  ] as const) {
    it(`end when the lease is ${how}, and no other's do`, async () => {
      const [ended, other] = [renew(new ScriptedLease()), renew(new ScriptedLease())];
      await clock.tickAsync(TTL_MS / 2);
      const { length } = ended.asked;
      end(ended);
      await clock.tickAsync(5 * TTL_MS);

      expect(ended.asked.length).to.equal(how === 'released' ? length : length + 1);
      expect(other.asked.length).to.be.above(14);
    });
  }

  it('have the end of its validity noticed, which would pass in silence with them', () => {
    expect(renew(new ScriptedLease()).isWatched).to.equal(true);
  });

  it('wait for the one that is under way', async () => {
    const lease = renew(new ScriptedLease());
    lease.answers = 'never';
    await clock.tickAsync(10 * TTL_MS);

    expect(lease.asked).to.have.length(1);
  });

  it('never keep a lease beyond its longest hold', async () => {
    const maxHoldMs = 7500;
    const lease = renew(new ScriptedLease(TTL_MS, maxHoldMs));
    await clock.tickAsync(maxHoldMs - 1);
    expect(lease.isValid()).to.equal(true);
    await clock.tickAsync(1);
    expect(lease.isValid()).to.equal(false);

    for (const { atMs, ttlMs } of lease.asked) expect(atMs + ttlMs).to.be.at.most(maxHoldMs);
    const { length } = lease.asked;
    await clock.tickAsync(5 * TTL_MS);
    expect(lease.asked).to.have.length(length);
    expect(clock.countTimers()).to.equal(0);
  });

  it('never keep a lease beyond it either when they had to wait for an extension', async () => {
    const maxHoldMs = 4000;
    const lease = renew(new ScriptedLease(TTL_MS, maxHoldMs));
    lease.turn = new Promise((resolve) => setTimeout(resolve, 2500));
    await clock.tickAsync(maxHoldMs);

    expect(lease.asked).to.have.length(1);
    for (const { atMs, ttlMs } of lease.asked) expect(atMs + ttlMs).to.be.at.most(maxHoldMs);
  });

  it('leave a lease alone that its holder has extended for longer, until it is due again', async () => {
    const lease = renew(new ScriptedLease());
    await lease.renew(() => 10 * TTL_MS);
    await clock.tickAsync(9 * TTL_MS - 1);
    expect(lease.asked).to.have.length(1);

    await clock.tickAsync(3 * TTL_MS);
    expect(lease.isValid()).to.equal(true);
    expect(lease.asked.length).to.be.within(6, 10);
  });

  it('keep a lease also that its holder has extended for longer, and then for shorter', async () => {
    const lease = renew(new ScriptedLease());
    await lease.renew(() => 10 * TTL_MS);
    await clock.tickAsync(TTL_MS);
    await lease.renew(() => TTL_MS);
    await clock.tickAsync(5 * TTL_MS);
    expect(lease.isValid()).to.equal(true);
  });

  it('ask for whole ms alone', async () => {
    const lease = renew(new ScriptedLease(1000, 2500.5), 1000);
    await clock.tickAsync(5000);

    expect(lease.asked.every(({ ttlMs }) => Number.isInteger(ttlMs))).to.equal(true);
  });

  it('leave no timer when they are closed', async () => {
    const lease = renew(new ScriptedLease());
    await clock.tickAsync(TTL_MS / 2);
    renewals.close();
    expect(clock.countTimers()).to.equal(0);

    const { length } = lease.asked;
    await clock.tickAsync(5 * TTL_MS);
    expect(lease.asked).to.have.length(length);
  });

  it('leave no timer either when one was under way as they were closed', async () => {
    const lease = renew(new ScriptedLease());
    let settle: (error: Error) => void = () => {};
    lease.renew = () => new Promise((_resolve, reject) => (settle = reject));
    await clock.tickAsync(TTL_MS / 3 + 1);
    renewals.close();
    settle(new Error('undecided'));
    await clock.tickAsync(1);

    expect(lease.isValid()).to.equal(true);
    expect(clock.countTimers()).to.equal(0);
  });

  it('do not keep the process alive', () => {
    clock.restore();
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = timers();
    renew(new ScriptedLease());

    expect(timers()).to.equal(before);
  });
});

import type { Master } from '../master/Master';
import { MasterError } from '../master/MasterError';
import { listIn, unreadable, wholeIn } from '../master/replies';
import type { Argument } from '../master/Script';
import { argumentsFor, faultOf, fencedOf, takenOf, type Place } from './acquireCall';
import type { Hold } from './Hold';
import type { Proposal } from './Proposal';
import { HOLDS, Refusal } from './scripts';
import { ABSENT, GONE, GRANTED, type Votes } from './Votes';

interface AcquireRound {
  readonly kind: 'acquire';
  readonly votes: Votes;
  readonly hold: Hold;
  readonly ttlMs: number;
  readonly place: Place | null;
  readonly proposal: Proposal | null;
}

/** Gives back what a hold may have left on the masters. */
export interface ReleaseRound {
  readonly kind: 'release';
  readonly votes: Votes;
  readonly hold: Hold;
  /** The masters that are asked, by their places; null for all. */
  readonly only: ReadonlySet<number> | null;
  /** Somebody of another process waits for it, and was told. */
  hasWoken: boolean;
}

/** Keeps what is held for longer, or takes it over. */
interface ExtendRound {
  readonly kind: 'extend';
  readonly votes: Votes;
  readonly hold: Hold;
}

/** What redlock is doing when it calls its clients. */
export type Round = AcquireRound | ReleaseRound | ExtendRound;

/** Knows the round that a command of redlock's belongs to. */
export interface RoundFinder {
  /** The one that is being begun. */
  readonly opening: Round;
}

/**
 * A vote against, to redlock: what it says stands among the votes. It is made once, since redlock would make an error of
 * its own for a vote that is none, and an error's stack costs more than all the rest of a refused vote.
 */
const TAKEN = new MasterError('', 'unexpected', 'held by another');

/** The two methods that redlock asks of a client. */
export interface RedlockClient {
  evalsha(sha: string, numKeys: number, args: readonly Argument[]): Promise<number>;
  eval(source: string, numKeys: number, args: readonly Argument[]): Promise<number>;
}

/**
 * One master as redlock's client: runs redlock's scripts on it, and casts as the round's vote what redlock itself
 * does not keep: whether a refusal means "held by another" or "could not say".
 */
export class Voter implements RedlockClient {
  constructor(
    private readonly index: number,
    private readonly master: Master,
    private readonly rounds: RoundFinder,
  ) {}

  evalsha(sha: string, numKeys: number, args: readonly Argument[]): Promise<number> {
    const round = this.rounds.opening;
    switch (round.kind) {
      case 'acquire':
        return this.#acquire(sha, numKeys, args, round);
      case 'release':
        return this.#release(sha, numKeys, args, round);
      case 'extend':
        return this.#extend(sha, numKeys, args, round);
    }
  }

  /**
   * Gives the lock back to a master that has lost it, while a quorum still holds it. Does not wait.
   *
   * @param sha of the acquire script
   */
  heal(sha: string, hold: Hold, ttlMs: number): void {
    const { keys, token } = hold;
    const former = hold.copyOn(this.index);
    hold.record(this.index, 'pending');
    this.master
      .run(sha, keys.length, [...keys, token, ttlMs], () => !hold.isReleased)
      .then(
        (reply) => hold.record(this.index, reply === keys.length ? 'held' : former),
        (error: MasterError) => {
          hold.record(this.index, former);
          if (error.mayHaveRun) this.master.owe({ keys, token }, ttlMs, false);
        },
      );
  }

  /** Asks whether the master still has the lock, and changes nothing. Does not wait. */
  verify({ keys, token, formerTokens }: Hold, votes: Votes): void {
    this.master
      .run(HOLDS.sha, keys.length, [...keys, token, ...formerTokens], () => true)
      .then(
        (reply) => {
          if (reply === 1 || reply === 0) votes.cast(this.index, reply === 1 ? GRANTED : GONE);
          else votes.cast(this.index, { kind: 'none', error: unreadable(this.master.address, reply) });
        },
        (error: MasterError) => votes.cast(this.index, { kind: 'none', error }),
      );
  }

  /** redlock falls back to it on NOSCRIPT, too late: its release may have gone ahead. The master does that itself. */
  eval(): Promise<number> {
    return Promise.reject(new MasterError(this.master.address, 'unexpected', 'redlock sent a script of its own'));
  }

  #acquire(sha: string, numKeys: number, args: readonly Argument[], round: AcquireRound): Promise<number> {
    const { votes, hold, ttlMs } = round;
    return this.master
      .run(sha, numKeys, argumentsFor(args, round), () => !hold.isReleased)
      .then(
        (reply) => this.#castAcquired(round, numKeys, reply),
        (error: MasterError) => {
          if (error.mayHaveRun) this.master.owe({ keys: hold.keys, token: hold.token }, ttlMs, false);
          hold.record(this.index, 'unknown');
          if (!error.mayHaveRun && error.kind !== 'given-back') this.master.refusal = error;
          return this.#castNone(votes, error);
        },
      );
  }

  #castAcquired({ votes, hold, proposal }: AcquireRound, numKeys: number, reply: unknown): number {
    const [kind, detail, more] = listIn(reply);
    this.master.refusal = null;
    if (kind === numKeys) {
      if (Array.isArray(reply)) proposal?.record(this.index, fencedOf(this.master.address, detail, more));
      hold.record(this.index, 'held');
      votes.cast(this.index, GRANTED);
      return numKeys;
    }
    if (kind === Refusal.taken) {
      hold.record(this.index, 'absent');
      votes.cast(this.index, takenOf(detail, more));
      throw TAKEN;
    }
    hold.record(this.index, 'unknown');
    return this.#castUnable(votes, kind, detail, more);
  }

  #extend(sha: string, numKeys: number, args: readonly Argument[], { votes, hold }: ExtendRound): Promise<number> {
    return this.master
      .run(sha, numKeys, [...args, ...hold.formerTokens], () => true)
      .then(
        (reply) => {
          const [kind, detail, more] = listIn(reply);
          if (typeof reply !== 'number' || wholeIn(reply, 0, numKeys) === null) {
            return this.#castUnable(votes, kind, detail, more);
          }
          votes.cast(this.index, reply === numKeys ? GRANTED : GONE);
          return reply;
        },
        (error: MasterError) => this.#castNone(votes, error),
      );
  }

  #release(sha: string, numKeys: number, args: readonly Argument[], round: ReleaseRound): Promise<number> {
    const { votes, hold, only } = round;
    // What a master has refused it does not hold: no need to ask it to forget, and nothing that it could confirm.
    if (hold.copyOn(this.index) === 'absent' || only?.has(this.index) === false) {
      votes.cast(this.index, ABSENT);
      return Promise.resolve(numKeys);
    }
    let mayHaveRun = false;
    const isWanted = (hasPerhapsRun: boolean): boolean => {
      mayHaveRun = hasPerhapsRun;
      return true;
    };
    const refuse = (error: MasterError): never => {
      // Asked now: it may have been granted since the release was sent. An acquire that was lost is owed already.
      if (hold.copyOn(this.index) === 'held') this.#oweRelease(hold);
      return this.#castNone(votes, error);
    };
    return this.master.run(sha, numKeys, [...args, ...hold.formerTokens], isWanted).then((reply) => {
      const [count, woken] = listIn(reply);
      if (wholeIn(count, 0, numKeys) === null) return refuse(unreadable(this.master.address, count));
      if ((wholeIn(woken) ?? 0) > 0) round.hasWoken = true;
      const isDeleted = count === numKeys || (count === 0 && mayHaveRun);
      const wasHeld = hold.copyOn(this.index) === 'held';
      votes.cast(this.index, isDeleted ? GRANTED : wasHeld ? GONE : ABSENT);
      return isDeleted || !wasHeld ? numKeys : 0;
    }, refuse);
  }

  #oweRelease({ keys, token, formerTokens, longestTtlMs }: Hold): void {
    for (const each of [token, ...formerTokens]) this.master.owe({ keys, token: each }, longestTtlMs, true);
  }

  /** It may not vote now. */
  #castUnable(votes: Votes, kind: unknown, detail: unknown, more: unknown): never {
    const error = faultOf(this.master.address, kind, detail, more);
    if (error.kind === 'unadmitted') this.master.readmit(error);
    if (error.kind === 'quarantined') this.master.quarantined(wholeIn(detail) ?? 0);
    return this.#castNone(votes, error);
  }

  #castNone(votes: Votes, error: MasterError): never {
    votes.cast(this.index, { kind: 'none', error });
    throw error;
  }
}

import type { Debt } from '../master/Debts';
import type { Master } from '../master/Master';
import { MasterError } from '../master/MasterError';
import type { Argument } from '../master/Script';
import { GONE, GRANTED, type Ballot, type Vote } from './Ballot';
import { argumentsFor, faultOf, fencedOf, takenOf, type Place } from './acquireCall';
import type { Proposal } from './Proposal';
import { Refusal } from './scripts';

/** What redlock is doing when it calls its clients. */
export type Round =
  | {
      readonly kind: 'acquire';
      readonly ballot: Ballot;
      readonly ttlMs: number;
      readonly place: Place | null;
      readonly proposal: Proposal | null;
    }
  /** Gives back what the round of `acquired` may have left on the masters, for `ttlMs`. */
  | { readonly kind: 'release'; readonly ballot: Ballot; readonly acquired: Ballot; readonly ttlMs: number }
  /** Keeps what is held for longer, or takes it over. */
  | { readonly kind: 'extend'; readonly ballot: Ballot; readonly acquired: Ballot };

type Acquire = Extract<Round, { kind: 'acquire' }>;
type Release = Extract<Round, { kind: 'release' }>;
type Extend = Extract<Round, { kind: 'extend' }>;

/** Knows the round that a command of redlock's belongs to. */
export interface RoundFinder {
  /** The one that is being begun. */
  readonly opening: Round;
}

/**
 * A vote against, to redlock: what it says stands on the ballot. It is made once, since redlock would make an error of
 * its own for a vote that is none, and an error's stack costs more than all the rest of a refused vote.
 */
const TAKEN = new MasterError('', 'unexpected', 'held by another');

/** The two methods that redlock asks of a client. */
export interface RedlockClient {
  evalsha(sha: string, numKeys: number, args: readonly Argument[]): Promise<number>;
  eval(source: string, numKeys: number, args: readonly Argument[]): Promise<number>;
}

/**
 * One master as redlock's client: runs redlock's scripts on it, and casts on the round's ballot what redlock itself
 * does not keep: whether a refusal means "held by another" or "could not say".
 */
export class Voter implements RedlockClient {
  readonly #notHeld: Vote;

  constructor(
    private readonly index: number,
    private readonly master: Master,
    private readonly rounds: RoundFinder,
  ) {
    this.#notHeld = { kind: 'none', error: new MasterError(master.address, 'not-held', 'never held it') };
  }

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
   * @param acquired the votes that the lock is held by: a release has to ask this master again
   */
  heal(sha: string, keys: readonly string[], ttlMs: number, acquired: Ballot): void {
    const former = acquired.voteOf(this.index) ?? GONE;
    const args = [...keys, acquired.token, ttlMs];
    acquired.amend(this.index, GRANTED);
    const healed = this.master
      .run(sha, keys.length, args, () => !acquired.isGivenBack)
      .then(
        (reply) => {
          if (typeof reply !== 'number') acquired.amend(this.index, former);
        },
        (error: MasterError) => {
          acquired.amend(this.index, former);
          if (error.mayHaveRun) this.master.owe(debtOf(keys.length, args), ttlMs, false);
        },
      );
    const healing = (acquired.healing ??= new Map());
    healing.set(this.index, healed);
    void healed.finally(() => healing.delete(this.index));
  }

  /** redlock falls back to it on NOSCRIPT, too late: its release may have gone ahead. The master does that itself. */
  eval(): Promise<number> {
    return Promise.reject(new MasterError(this.master.address, 'unexpected', 'redlock sent a script of its own'));
  }

  #acquire(sha: string, numKeys: number, args: readonly Argument[], round: Acquire): Promise<number> {
    const { ballot, ttlMs } = round;
    const isWanted = (): boolean => !ballot.isGivenBack;
    return this.master.run(sha, numKeys, argumentsFor(args, round), isWanted).then(
      (reply) => this.#castAcquired(round, reply),
      (error: MasterError) => {
        if (error.mayHaveRun) this.master.owe(debtOf(numKeys, args), ttlMs, false);
        return this.#castNone(ballot, error);
      },
    );
  }

  #castAcquired({ ballot, proposal }: Acquire, reply: unknown): number {
    if (typeof reply === 'number') {
      ballot.cast(this.index, GRANTED);
      return reply;
    }
    const [kind, detail, more] = (Array.isArray(reply) ? reply : [reply]) as readonly unknown[];
    if (typeof kind === 'number') {
      proposal?.record(this.index, fencedOf(this.master.address, detail, more));
      ballot.cast(this.index, GRANTED);
      return kind;
    }
    if (kind === Refusal.taken) {
      ballot.cast(this.index, takenOf(detail, more));
      throw TAKEN;
    }
    return this.#castUnable(ballot, kind, detail, more);
  }

  #extend(sha: string, numKeys: number, args: readonly Argument[], { ballot, acquired }: Extend): Promise<number> {
    return this.master
      .run(sha, numKeys, withFormer(args, acquired), () => true)
      .then(
        (reply) => {
          if (Array.isArray(reply)) return this.#castUnable(ballot, reply[0], reply[1], reply[2]);
          ballot.cast(this.index, reply === numKeys ? GRANTED : GONE);
          return Number(reply);
        },
        (error: MasterError) => this.#castNone(ballot, error),
      );
  }

  #release(sha: string, numKeys: number, args: readonly Argument[], round: Release): Promise<number> {
    const { ballot, acquired } = round;
    // What a master has refused it does not hold: no need to ask it to forget, and nothing that it could confirm.
    if (acquired.voteOf(this.index)?.kind === 'taken') {
      ballot.cast(this.index, this.#notHeld);
      return Promise.resolve(numKeys);
    }
    return this.master
      .run(sha, numKeys, withFormer(args, acquired), () => true)
      .then(
        (reply) => {
          const [count, woken] = (Array.isArray(reply) ? reply : [reply, 0]) as readonly unknown[];
          if (Number(woken) > 0) ballot.hasWoken = true;
          ballot.cast(this.index, count === numKeys ? GRANTED : GONE);
          return Number(count);
        },
        (error: MasterError) => {
          // Other data stands where the lock was: so the lock does not.
          if (error.kind === 'foreign-key') {
            ballot.cast(this.index, GONE);
            return 0;
          }
          // Asked now: it may have been granted since the release was sent. An acquire that was lost is owed already.
          if (acquired.voteOf(this.index)?.kind === 'granted') this.#oweRelease(numKeys, args, round);
          return this.#castNone(ballot, error);
        },
      );
  }

  #oweRelease(numKeys: number, args: readonly Argument[], { acquired, ttlMs }: Release): void {
    const debt = debtOf(numKeys, args);
    this.master.owe(debt, ttlMs, true);
    if (acquired.former !== null) this.master.owe({ ...debt, token: acquired.former }, ttlMs, true);
  }

  /** It may not vote now. */
  #castUnable(ballot: Ballot, kind: unknown, detail: unknown, more: unknown): never {
    const error = faultOf(this.master.address, kind, detail, more);
    if (error.kind === 'unadmitted') this.master.readmit(error);
    return this.#castNone(ballot, error);
  }

  #castNone(ballot: Ballot, error: MasterError): never {
    ballot.cast(this.index, { kind: 'none', error });
    throw error;
  }
}

function withFormer(args: readonly Argument[], { former }: Ballot): readonly Argument[] {
  return former === null ? args : [...args, former];
}

function debtOf(numKeys: number, args: readonly Argument[]): Debt {
  return { token: String(args[numKeys]), keys: args.slice(0, numKeys).map(String) };
}

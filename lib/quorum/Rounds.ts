import { randomUUID } from 'node:crypto';
import Redlock, { ExecutionError, Lock } from 'redlock';
import type { Master } from '../master/Master';
import { MasterError } from '../master/MasterError';
import { Ballot, type Answer, type Vote } from './Ballot';
import type { Acquired, Extended, Grant, Released } from './Grant';
import type { Proposal } from './Proposal';
import { wrapScripts, type ScriptOptions, type Scripts } from './scripts';
import { Stopwatch, type Clock } from './Stopwatch';
import type { Place } from './acquireCall';
import { GRANTED, Voter, type RedlockClient, type Round, type RoundFinder } from './Voter';

/** Redlock's settings, under its own names; times are in ms. */
export interface RedlockSettings {
  readonly driftFactor: number;
  readonly retryCount: number;
  readonly retryDelay: number;
  readonly retryJitter: number;
}

/**
 * redlock's own retries keep the keys of a lost round and are then refused by themselves, and its release of an
 * expired lock retries for seconds: here a round is one round, and what comes after is decided by its caller.
 */
const ONE_ROUND = { retryCount: 0 };

/** Always votes against. */
const AGAINST = new MasterError('', 'unexpected', 'a voter that stands for no master');
const padding = (): RedlockClient => ({
  evalsha: () => Promise.reject(AGAINST),
  eval: () => Promise.reject(AGAINST),
});

/**
 * Redlock's rounds over a set of masters: each asks every master once, and settles within the time that a master is
 * given to answer.
 *
 * A bare round, one script on all masters and their majority, is what redlock calls `extend`; so its acquire script is
 * run by the `extend` of a Redlock of its own. redlock's `acquire` would draw a token by a system call, and would give
 * back a lost round by a second round trip, also where all have refused.
 */
export class Rounds implements RoundFinder {
  /** What the masters are asked to run. */
  readonly scripts: Scripts;
  readonly #acquirer: Redlock;
  readonly #redlock: Redlock;
  readonly #voters: readonly Voter[];
  readonly #addresses: readonly string[];
  #opening: Round | null = null;
  #underway = 0;
  #onIdle = (): void => {};

  constructor(
    masters: readonly Master[],
    private readonly quorum: number,
    settings: RedlockSettings,
    scripts: ScriptOptions,
    private readonly clock: Clock,
  ) {
    this.#addresses = masters.map(({ address }) => address);
    this.scripts = wrapScripts(scripts);
    this.#voters = masters.map((master, index) => new Voter(index, master, this));
    const voters: RedlockClient[] = [...this.#voters];
    // redlock counts a majority of its clients, and never settles on a tie. With 2q - 1 clients there is no tie, and
    // their majority is exactly q: so one formula serves an even number of masters and a quorum above the majority.
    while (voters.length < 2 * quorum - 1) voters.push(padding());
    const clients = voters as unknown as Iterable<never>;
    this.#acquirer = new Redlock(clients, settings, this.scripts.acquirerHooks);
    this.#redlock = new Redlock(clients, settings, this.scripts.hooks);
  }

  /**
   * One attempt to acquire all of `keys` or none, with a token of its own. Leaves nothing behind when it fails.
   *
   * @param place where to stand in the masters' lines when they refuse; null for whoever does not wait
   * @param proposal is told what each master that grants the lock says to its number
   */
  async acquire(
    keys: readonly string[],
    ttlMs: number,
    place: Place | null,
    proposal: Proposal | null = null,
  ): Promise<Acquired> {
    const grant = { ...this.#grantOf(keys, randomUUID(), ttlMs, null), validForMs: this.validForMs(ttlMs) };
    const { ballot, stopwatch, validForMs } = grant;
    const lock = new Lock(this.#acquirer, [...keys], ballot.token, [], Infinity);
    const round: Round = { kind: 'acquire', ballot, ttlMs, place, proposal };
    const isGranted = await this.#run(round, () => this.#acquirer.extend(lock, ttlMs, ONE_ROUND));
    if (isGranted && stopwatch.elapsedMs() < validForMs) return { kind: 'granted', grant };
    await this.#giveBack(grant);
    if (isGranted) return { kind: 'no-quorum', answers: ballot.answers.map(late) };
    // The ballot knows whether that means taken or too few answers.
    const verdict = await ballot.verdict();
    return { kind: verdict === 'taken' ? 'taken' : 'no-quorum', answers: ballot.answers };
  }

  /** What a lost round has left. Where nobody has granted anything so far, it is seen to when somebody does. */
  async #giveBack(grant: Grant): Promise<void> {
    const { ballot } = grant;
    ballot.isGivenBack = true;
    if (ballot.isGrantedAnywhere) return void (await this.release(grant));
    this.#underway += 1;
    const behind = ballot.grantedAnywhere().then((isGranted) => (isGranted ? this.release(grant) : null));
    void behind.finally(this.#ended);
  }

  /** A lock that was granted elsewhere: any master may hold it, and is to be asked when it is given back. */
  adopted(keys: readonly string[], token: string, ttlMs: number, fencingToken: number | null): Grant {
    const grant = this.#grantOf(keys, token, ttlMs, fencingToken);
    for (const index of this.#voters.keys()) grant.ballot.amend(index, GRANTED);
    return grant;
  }

  #grantOf(keys: readonly string[], token: string, ttlMs: number, fencingToken: number | null): Grant {
    const ballot = this.#ballot();
    ballot.token = token;
    return { keys, ballot, stopwatch: new Stopwatch(this.clock), ttlMs, validForMs: 0, fencingToken };
  }

  /** For how long a lock of so long a ttl is certain to be held, however its masters' clocks drift; in ms. */
  validForMs(ttlMs: number): number {
    return ttlMs - Math.round(this.#redlock.settings.driftFactor * ttlMs) - 2;
  }

  /**
   * Keeps a lock for `ttlMs` from now, wherever it still stands. Masters that have lost it get it back where a quorum
   * holds it, and nowhere else: so a lock that is lost is never brought back.
   */
  async extend(held: Grant, ttlMs: number): Promise<Extended> {
    const { keys, ballot: acquired } = held;
    const ballot = this.#ballot();
    const stopwatch = new Stopwatch(this.clock);
    const lock = new Lock(this.#redlock, [...keys], acquired.token, [], Infinity);
    acquired.longestTtlMs = Math.max(acquired.longestTtlMs, ttlMs);
    await this.#run({ kind: 'extend', ballot }, () => this.#redlock.extend(lock, ttlMs, ONE_ROUND));
    const verdict = await ballot.verdict();
    const count = (kind: Vote['kind']): number => ballot.answers.filter(({ vote }) => vote?.kind === kind).length;
    const isLost = (): boolean => count('taken') > ballot.answers.length - this.quorum;
    // So many that have lost it are believed at once; silence may yet be broken.
    if (verdict !== 'granted' && !isLost()) await ballot.complete();
    if (isLost()) return { kind: 'lost', answers: ballot.answers };
    if (count('granted') < this.quorum) return { kind: 'undecided', answers: ballot.answers };
    const grant: Grant = { ...held, stopwatch, ttlMs, validForMs: this.validForMs(ttlMs) };
    if (stopwatch.elapsedMs() >= grant.validForMs) return { kind: 'lost', answers: ballot.answers.map(late) };
    void ballot.complete().then(() => this.#heal(grant, ballot));
    return { kind: 'kept', grant };
  }

  /** Gives the lock back to the masters that had lost it when it was extended, if it is still held. */
  #heal({ keys, ballot: acquired, stopwatch, ttlMs, validForMs }: Grant, extended: Ballot): void {
    if (acquired.isGivenBack || stopwatch.elapsedMs() >= validForMs) return;
    for (const [index, { vote }] of extended.answers.entries()) {
      // Whoever holds it now is to be asked for it when it is given back, whatever was known before.
      if (vote?.kind === 'granted') acquired.amend(index, vote);
      if (vote?.kind !== 'taken') continue;
      this.#voters[index]?.heal(this.#acquirer.scripts.extendScript.hash, keys, ttlMs, acquired);
    }
  }

  /** Deletes the lock's token, and nobody else's, wherever it may stand. */
  async release({ keys, ballot: acquired, ttlMs }: Grant): Promise<Released> {
    const ballot = this.#ballot();
    const lock = new Lock(this.#redlock, [...keys], acquired.token, [], 0);
    acquired.isGivenBack = true;
    // An extension that only a minority has run may stand there for longer.
    const longestMs = Math.max(ttlMs, acquired.longestTtlMs);
    await this.#run({ kind: 'release', ballot, acquired, ttlMs: longestMs }, () =>
      this.#redlock.release(lock, ONE_ROUND),
    );
    return { verdict: await ballot.verdict(), ballot };
  }

  /** For the voters, whom redlock tells nothing of the round. It calls all of its clients before it first yields. */
  get opening(): Round {
    if (this.#opening !== null) return this.#opening;
    throw new MasterError('', 'unexpected', 'redlock asked for a round that nobody began');
  }

  /** Resolves when no round is under way, also none that was answered before all masters had. */
  async idle(): Promise<void> {
    if (this.#underway > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
  }

  /** Resolves to whether there was a quorum for it. */
  async #run(round: Round, start: () => Promise<unknown>): Promise<boolean> {
    this.#underway += 1;
    round.ballot.onComplete = this.#ended;
    this.#opening = round;
    const settled = start();
    this.#opening = null;
    try {
      await settled;
      return true;
    } catch (error) {
      if (error instanceof ExecutionError) return false;
      throw error;
    }
  }

  readonly #ended = (): void => {
    this.#underway -= 1;
    if (this.#underway === 0) this.#onIdle();
  };

  #ballot(): Ballot {
    return new Ballot(this.#addresses, this.quorum);
  }
}

function late(answer: Answer): Answer {
  if (answer.vote?.kind !== 'granted') return answer;
  const error = new MasterError(answer.address, 'late', 'granted when the ttl had already passed');
  return { ...answer, vote: { kind: 'none', error } };
}

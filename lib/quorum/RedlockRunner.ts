import Redlock, { ExecutionError, Lock } from 'redlock';
import type { Master } from '../master/Master';
import { MasterError } from '../master/MasterError';
import { wrapScripts, type ScriptOptions, type Scripts } from './scripts';
import { Voter, type RedlockClient, type Round, type RoundFinder } from './Voter';

/** Redlock's settings, under its own names; times are in ms. */
export interface RedlockSettings {
  readonly driftFactor: number;
  readonly retryCount: number;
  readonly retryDelay: number;
  readonly retryJitter: number;
}

/** What a round is about. */
interface Claim {
  readonly keys: readonly string[];
  readonly token: string;
  readonly ttlMs: number;
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
 * Runs redlock over a set of masters, one round at a time or many at once.
 *
 * A bare round, one script on all masters and their majority, is what redlock calls `extend`; so its acquire script is
 * run by the `extend` of a Redlock of its own. redlock's `acquire` would draw a token by a system call, and would give
 * back a lost round by a second round trip, also where all have refused.
 */
export class RedlockRunner implements RoundFinder {
  /** What the masters are asked to run. */
  readonly scripts: Scripts;
  /** One for each master, in its order. */
  readonly voters: readonly Voter[];
  readonly #acquirer: Redlock;
  readonly #redlock: Redlock;
  #opening: Round | null = null;
  #underway = 0;
  #onIdle = (): void => {};

  constructor(masters: readonly Master[], quorum: number, settings: RedlockSettings, scripts: ScriptOptions) {
    this.scripts = wrapScripts(scripts);
    this.voters = masters.map((master, index) => new Voter(index, master, this));
    const voters: RedlockClient[] = [...this.voters];
    // redlock counts a majority of its clients, and never settles on a tie. With 2q - 1 clients there is no tie, and
    // their majority is exactly q: so one formula serves an even number of masters and a quorum above the majority.
    while (voters.length < 2 * quorum - 1) voters.push(padding());
    const clients = voters as unknown as Iterable<never>;
    this.#acquirer = new Redlock(clients, settings, this.scripts.acquirerHooks);
    this.#redlock = new Redlock(clients, settings, this.scripts.hooks);
  }

  /** The SHA-1 of the script that acquires. */
  get acquireSha(): string {
    return this.#acquirer.scripts.extendScript.hash;
  }

  /** For how long a lock of so long a ttl is certain to be held, however its masters' clocks drift; in ms. */
  validForMs(ttlMs: number): number {
    return ttlMs - Math.round(this.#redlock.settings.driftFactor * ttlMs) - 2;
  }

  /** Asks every master once. Resolves to whether there was a quorum for it. */
  async run(round: Round, claim: Claim): Promise<boolean> {
    this.#underway += 1;
    round.votes.onComplete = this.#ended;
    this.#opening = round;
    const settled = this.#begin(round, claim);
    this.#opening = null;
    try {
      await settled;
      return true;
    } catch (error) {
      if (error instanceof ExecutionError) return false;
      throw error;
    }
  }

  /** What nobody waits for counts as under way, too. */
  behind(work: Promise<unknown>): void {
    this.#underway += 1;
    void work.finally(this.#ended);
  }

  /**
   * Resolves when no round is under way, also none that was answered before all masters had, nor what follows upon the
   * last answer by promises.
   */
  async idle(): Promise<void> {
    do {
      if (this.#underway > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
      await new Promise((resolve) => setImmediate(resolve));
    } while (this.#underway > 0);
  }

  /** For the voters, whom redlock tells nothing of the round. It calls all of its clients before it first yields. */
  get opening(): Round {
    if (this.#opening !== null) return this.#opening;
    throw new MasterError('', 'unexpected', 'redlock asked for a round that nobody began');
  }

  #begin({ kind }: Round, { keys, token, ttlMs }: Claim): Promise<unknown> {
    const redlock = kind === 'acquire' ? this.#acquirer : this.#redlock;
    const lock = new Lock(redlock, [...keys], token, [], Infinity);
    return kind === 'release' ? redlock.release(lock, ONE_ROUND) : redlock.extend(lock, ttlMs, ONE_ROUND);
  }

  readonly #ended = (): void => {
    this.#underway -= 1;
    if (this.#underway === 0) this.#onIdle();
  };
}

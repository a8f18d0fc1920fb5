import { randomUUID } from 'node:crypto';
import type { Master } from '../master/Master';
import { MasterError } from '../master/MasterError';
import type { Place } from './acquireCall';
import { Ballot, GONE, GRANTED, type Answer, type Vote } from './Ballot';
import type { Acquired, Extended, Grant, Released } from './Grant';
import type { Proposal } from './Proposal';
import { RedlockRunner, type RedlockSettings } from './RedlockRunner';
import type { ScriptOptions, Scripts } from './scripts';
import { Stopwatch, type Clock } from './Stopwatch';
import type { Round } from './Voter';

/**
 * The rounds over a set of masters: each asks every master once, and settles within the time that a master is given to
 * answer.
 */
export class Rounds {
  readonly #runner: RedlockRunner;
  readonly #addresses: readonly string[];

  constructor(
    masters: readonly Master[],
    private readonly quorum: number,
    settings: RedlockSettings,
    scripts: ScriptOptions,
    private readonly clock: Clock,
  ) {
    this.#addresses = masters.map(({ address }) => address);
    this.#runner = new RedlockRunner(masters, quorum, settings, scripts);
  }

  /** What the masters are asked to run. */
  get scripts(): Scripts {
    return this.#runner.scripts;
  }

  /** For how long a lock of so long a ttl is certain to be held, however its masters' clocks drift; in ms. */
  validForMs(ttlMs: number): number {
    return this.#runner.validForMs(ttlMs);
  }

  /** Resolves when nothing is under way any more. */
  idle(): Promise<void> {
    return this.#runner.idle();
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
    const round: Round = { kind: 'acquire', ballot, ttlMs, place, proposal };
    const isGranted = await this.#runner.run(round, { keys, token: ballot.token, ttlMs });
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
    this.#runner.behind(ballot.grantedAnywhere().then((isGranted) => (isGranted ? this.release(grant) : null)));
  }

  /**
   * From now on the lock is somebody else's to keep and to give back. But for what a master grants only after this: who
   * takes it over may have come and gone by then.
   */
  handOver(grant: Grant): void {
    const { ballot } = grant;
    ballot.isGivenBack = true;
    const { voters } = this.#runner;
    const isKnown = (index: number): boolean => ballot.voteOf(index) !== null && ballot.healing?.has(index) !== true;
    const known = [...voters.keys()].filter(isKnown);
    if (known.length === voters.length) return;
    const giveBack = async (): Promise<void> => {
      await Promise.all([ballot.complete(), ...(ballot.healing?.values() ?? [])]);
      for (const index of known) ballot.amend(index, GONE);
      await this.release(grant);
    };
    this.#runner.behind(giveBack());
  }

  /**
   * A lock that the next extension takes over from whoever held it by the token `former`. Any master may hold it, and is
   * to be asked when it is given back.
   */
  adopted(keys: readonly string[], former: string, ttlMs: number, fencingToken: number | null): Grant {
    const grant = this.#grantOf(keys, randomUUID(), ttlMs, fencingToken);
    grant.ballot.former = former;
    for (const index of this.#runner.voters.keys()) grant.ballot.amend(index, GRANTED);
    return grant;
  }

  #grantOf(keys: readonly string[], token: string, ttlMs: number, fencingToken: number | null): Grant {
    const ballot = this.#ballot();
    ballot.token = token;
    return { keys, ballot, stopwatch: new Stopwatch(this.clock), ttlMs, validForMs: 0, fencingToken };
  }

  /**
   * Keeps a lock for `ttlMs` from now, wherever it still stands. Masters that have lost it get it back where a quorum
   * holds it, and nowhere else: so a lock that is lost is never brought back.
   */
  async extend(held: Grant, ttlMs: number): Promise<Extended> {
    const { keys, ballot: acquired } = held;
    const ballot = this.#ballot();
    const stopwatch = new Stopwatch(this.clock);
    acquired.longestTtlMs = Math.max(acquired.longestTtlMs, ttlMs);
    await this.#runner.run({ kind: 'extend', ballot, acquired }, { keys, token: acquired.token, ttlMs });
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
      this.#runner.voters[index]?.heal(this.#runner.acquireSha, keys, ttlMs, acquired);
    }
  }

  /** Deletes the lock's token, and nobody else's, wherever it may stand. */
  async release({ keys, ballot: acquired, ttlMs }: Grant): Promise<Released> {
    const ballot = this.#ballot();
    acquired.isGivenBack = true;
    // An extension that only a minority has run may stand there for longer.
    const longestMs = Math.max(ttlMs, acquired.longestTtlMs);
    await this.#runner.run(
      { kind: 'release', ballot, acquired, ttlMs: longestMs },
      { keys, token: acquired.token, ttlMs },
    );
    return { verdict: await ballot.verdict(), ballot };
  }

  #ballot(): Ballot {
    return new Ballot(this.#addresses, this.quorum);
  }
}

function late(answer: Answer): Answer {
  if (answer.vote?.kind !== 'granted') return answer;
  const error = new MasterError(answer.address, 'late', 'granted when the ttl had already passed');
  return { ...answer, vote: { kind: 'none', error } };
}

import { randomUUID } from 'node:crypto';
import { afterLastLook } from '../time/afterLastLook';
import type { Master } from '../master/Master';
import { MasterError } from '../master/MasterError';
import type { Place } from './acquireCall';
import { Hold, type Acquired, type Extended, type Released, type Term } from './Hold';
import type { Proposal } from './Proposal';
import { RedlockRunner, type RedlockSettings } from './RedlockRunner';
import type { ScriptOptions, Scripts } from './scripts';
import { Stopwatch, type Clock } from './Stopwatch';
import type { ReleaseRound, Round } from './Voter';
import { quorumOfGrants, quorumWithout, Votes, type Answer, type Rule } from './Votes';

/** Redlock's settings, and how long one master has to answer, in ms. */
export interface RoundSettings extends RedlockSettings {
  readonly nodeTimeoutMs: number;
}

/** What a process hands over so that another can take the lock over. */
export interface Inheritance {
  /** As the masters know them. */
  readonly keys: readonly string[];
  readonly token: string;
  readonly formerTokens: readonly string[];
  readonly longestTtlMs: number;
  readonly fencingToken: number | null;
}

/**
 * The rounds over a set of masters: each asks every master once, and settles within the time that a master is given to
 * answer.
 */
export class Rounds {
  readonly #runner: RedlockRunner;
  readonly #addresses: readonly string[];
  /** Lost rounds that some master has not answered yet, by each of their keys. */
  readonly #late = new Map<string, Hold>();

  constructor(
    masters: readonly Master[],
    private readonly quorum: number,
    private readonly settings: RoundSettings,
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
    if (this.#late.size > 0) this.#reclaimLate(keys);
    const hold = new Hold(keys, randomUUID(), [], ttlMs, this.#addresses.length, 'pending');
    const term = this.#term(ttlMs);
    const votes = this.#votes(quorumOfGrants);
    const round: Round = { kind: 'acquire', votes, hold, ttlMs, place, proposal };
    const running = this.#runner.run(round, { keys, token: hold.token, ttlMs });
    if (term.validForMs < this.settings.nodeTimeoutMs && !(await settlesWithin(running, term.validForMs))) {
      // What is granted from now on is worth nothing to the caller.
      this.#runner.behind(this.#giveBack(hold, votes));
      return { kind: 'no-quorum', answers: votes.answers.map(unanswered).map(late) };
    }
    const isGranted = await running;
    if (isGranted && term.stopwatch.elapsedMs() < term.validForMs) return { kind: 'granted', hold, term, votes };
    await this.#giveBack(hold, votes);
    if (isGranted) return { kind: 'no-quorum', answers: votes.answers.map(late) };
    // The votes know whether that means taken or too few answers.
    const verdict = await votes.verdict();
    return { kind: verdict === 'taken' ? 'taken' : 'no-quorum', answers: votes.answers };
  }

  /** What a lost round has left. Where nobody has granted anything so far, it is seen to when somebody does. */
  async #giveBack(hold: Hold, votes: Votes): Promise<void> {
    hold.isReleased = true;
    if (votes.count('granted') > 0) return void (await this.release(hold));
    if (votes.isComplete) return;
    for (const key of hold.keys) this.#late.set(key, hold);
    const giveBack = async (): Promise<void> => {
      if (await votes.grantedAnywhere()) await this.release(hold);
      for (const key of hold.keys) if (this.#late.get(key) === hold) this.#late.delete(key);
    };
    this.#runner.behind(giveBack());
  }

  /**
   * A master may be about to grant an earlier attempt of this process, which was lost meanwhile. The release goes out on
   * the same connection, between the two attempts: so the second one does not find what the first one has left.
   */
  #reclaimLate(keys: readonly string[]): void {
    for (const key of keys) {
      const hold = this.#late.get(key);
      if (hold === undefined) continue;
      for (const each of hold.keys) this.#late.delete(each);
      this.#runner.behind(this.release(hold));
    }
  }

  /**
   * From now on the lock is somebody else's to keep and to give back. But for what a master grants only after this: who
   * takes it over may have come and gone by then.
   */
  handOver(hold: Hold): void {
    hold.isReleased = true;
    const { pending } = hold;
    if (pending.length === 0) return;
    const giveBack = async (): Promise<void> => {
      await hold.settled();
      await this.release(hold, new Set(pending));
    };
    this.#runner.behind(giveBack());
  }

  /**
   * A lock that the next extension takes over, by a token of its own, from whoever has handed it over. Any master may
   * hold it, by any of its former tokens and for as long as anybody has asked for, and is to be asked when it is given
   * back.
   */
  inherit({ keys, token, formerTokens, longestTtlMs, fencingToken }: Inheritance): Hold {
    const tokens = [...formerTokens, token];
    const hold = new Hold(keys, randomUUID(), tokens, longestTtlMs, this.#addresses.length, 'held');
    hold.fencingToken = fencingToken;
    return hold;
  }

  /**
   * Keeps a lock for `ttlMs` from now, wherever it still stands. Masters that have lost it get it back where a quorum
   * holds it, and nowhere else: so a lock that is lost is never brought back.
   */
  async extend(hold: Hold, ttlMs: number): Promise<Extended> {
    const { keys, token } = hold;
    const votes = this.#votes(quorumOfGrants);
    const term = this.#term(ttlMs);
    hold.longestTtlMs = Math.max(hold.longestTtlMs, ttlMs);
    hold.lastExtension = votes;
    await this.#runner.run({ kind: 'extend', votes, hold }, { keys, token, ttlMs });
    const verdict = await votes.verdict();
    const isLost = (): boolean => votes.count('taken') > this.#addresses.length - this.quorum;
    // So many that have lost it are believed at once; silence may yet be broken.
    if (verdict !== 'granted' && !isLost()) await votes.complete();
    if (isLost()) return { kind: 'lost', answers: votes.answers };
    if (votes.count('granted') < this.quorum) return { kind: 'undecided', answers: votes.answers };
    if (term.stopwatch.elapsedMs() >= term.validForMs) return { kind: 'lost', answers: votes.answers.map(late) };
    void votes.complete().then(() => this.#heal(hold, term, votes));
    return { kind: 'kept', term, votes };
  }

  /**
   * Gives the lock back to the masters that had lost it when it was extended, if it is still held. Where a later extension
   * was sent, that one sees to it: its ttl may be shorter.
   */
  #heal(hold: Hold, { stopwatch, ttlMs, validForMs }: Term, extended: Votes): void {
    if (hold.isReleased || hold.lastExtension !== extended || stopwatch.elapsedMs() >= validForMs) return;
    for (const [index, { vote }] of extended.answers.entries()) {
      // Whoever holds it now is to be asked for it when it is given back, whatever was known before.
      if (vote?.kind === 'granted') hold.record(index, 'held');
      if (vote?.kind === 'taken' && hold.copyOn(index) !== 'pending') {
        this.#runner.voters[index]?.heal(this.#runner.acquireSha, hold, ttlMs);
      }
    }
  }

  /**
   * Asks every master whether it still has the lock, and changes nothing.
   *
   * @returns whether so many have lost it that no quorum holds it; false where too few answered to know
   */
  async isLost(hold: Hold): Promise<boolean> {
    const votes = this.#votes(quorumOfGrants);
    for (const voter of this.#runner.voters) voter.verify(hold, votes);
    await votes.verdict();
    return votes.count('taken') > this.#addresses.length - this.quorum;
  }

  /**
   * Deletes the lock's tokens, and nobody else's, wherever they may stand.
   *
   * @param only the masters that are asked, by their places; all of them where it is left out
   */
  async release(hold: Hold, only: ReadonlySet<number> | null = null): Promise<Released> {
    const { keys, token } = hold;
    const votes = this.#votes(quorumWithout);
    hold.isReleased = true;
    const round: ReleaseRound = { kind: 'release', votes, hold, only, hasWoken: false };
    await this.#runner.run(round, { keys, token, ttlMs: hold.longestTtlMs });
    const verdict = await votes.verdict();
    return { verdict, votes, hasWoken: round.hasWoken };
  }

  #term(ttlMs: number): Term {
    return { stopwatch: new Stopwatch(this.clock), ttlMs, validForMs: this.validForMs(ttlMs) };
  }

  #votes(rule: Rule): Votes {
    return new Votes(this.#addresses, this.quorum, rule);
  }
}

function unanswered(answer: Answer): Answer {
  if (answer.vote !== null) return answer;
  const error = new MasterError(answer.address, 'late', 'no answer before the ttl had passed');
  return { ...answer, vote: { kind: 'none', error } };
}

function late(answer: Answer): Answer {
  if (answer.vote?.kind !== 'granted') return answer;
  const error = new MasterError(answer.address, 'late', 'granted when the ttl had already passed');
  return { ...answer, vote: { kind: 'none', error } };
}

/** A promise that rejects settles, too: whoever awaits it then is told. */
async function settlesWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  let cancel = (): void => {};
  const late = new Promise<boolean>((resolve) => {
    cancel = afterLastLook(ms, () => resolve(false));
  });
  const settled = work.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([settled, late]);
  } finally {
    cancel();
  }
}

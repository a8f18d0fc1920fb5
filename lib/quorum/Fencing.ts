import { randomUUID } from 'node:crypto';
import type { Master } from '../master/Master';
import { MasterError } from '../master/MasterError';
import type { Argument, Script } from '../master/Script';
import type { Answer } from './Ballot';
import { FENCE, READ_FLOOR, WRITE_FLOOR } from './fenceScripts';
import type { Acquired, Grant, Refused } from './Grant';
import type { Rounds } from './Rounds';

/** Proposals that were too low name a higher one; more of them than this means that others keep overtaking. */
const MOST_PROPOSALS = 5;

const NO_LIMIT_MS = Number.MAX_SAFE_INTEGER;

/** How one master took a proposal. */
type Reply =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'behind' | 'ahead'; readonly highest: number }
  | { readonly kind: 'unfloored'; readonly nonce: string }
  | { readonly kind: 'none'; readonly error: MasterError };

/**
 * Fencing tokens: numbers that rise from one holder of a key to the next, whichever masters formed each quorum.
 *
 * The holder of a lock proposes a number to all masters, and has it once a quorum has accepted it while its lock stood
 * there. A master accepts what is above all that it has accepted for the key. The next holder's quorum shares a master
 * with this one, and that master was told this number before the next holder could hold the lock; so it refuses what is
 * not above it. A master that has lost its memory takes part again only when others have told it where to start from,
 * and no sooner than its quarantine is over: by then whoever held a lock when it forgot has either been given its number
 * or has no valid lock any more.
 */
export class Fencing {
  /**
   * @param quorum how many masters have to accept
   * @param guardMs how far ahead of a master's clock one may begin: a clock that is wrong must not use up the numbers
   * @param nowMicros where to begin; in microseconds, so that processes seldom propose the same
   */
  constructor(
    private readonly rounds: Rounds,
    private readonly masters: readonly Master[],
    private readonly quorum: number,
    private readonly guardMs: number,
    private readonly nowMicros: () => number,
  ) {}

  /** Gives a lock that is held a number above that of every holder before; where there is none, gives the lock back. */
  async fence(grant: Grant): Promise<Acquired> {
    const token = await this.#tokenFor(grant);
    if (typeof token === 'number') return { kind: 'granted', grant: { ...grant, fencingToken: token } };
    await this.rounds.release(grant);
    return token;
  }

  async #tokenFor(grant: Grant): Promise<number | Refused> {
    let proposed = this.nowMicros();
    let aheadMs = this.guardMs;
    let named = 0;
    for (let proposals = 1; ; proposals += 1) {
      const replies = await this.#propose(grant, proposed, aheadMs);
      const isAccepted = replies.filter((reply) => reply?.kind === 'accepted').length >= this.quorum;
      if (isAccepted && grant.stopwatch.elapsedMs() < grant.validForMs) return proposed;
      if (isAccepted || proposals === MOST_PROPOSALS) return { kind: 'no-quorum', answers: this.#answers(replies) };
      const isCopied = await this.#copyFloors(replies);
      for (const reply of replies) if (reply !== null && 'highest' in reply) named = Math.max(named, reply.highest);
      if (named === 0 && !isCopied) return { kind: 'no-quorum', answers: this.#answers(replies) };
      if (named === 0) continue;
      // However far that is ahead of another master's clock, it is where the numbers stand.
      proposed = named + 1;
      aheadMs = NO_LIMIT_MS;
    }
  }

  /** Asks all, and settles as soon as it is decided. */
  #propose({ keys, ballot }: Grant, proposed: number, aheadMs: number): Promise<readonly (Reply | null)[]> {
    const replies = this.masters.map((): Reply | null => null);
    let pending = replies.length;
    let accepted = 0;
    const isOnly = this.masters.length === 1 ? '1' : '0';
    const args = [ballot.token, proposed, aheadMs, randomUUID(), isOnly];
    return new Promise((resolve) => {
      for (const [index, master] of this.masters.entries()) {
        void ask(master, FENCE, keys, args).then((reply) => {
          replies[index] = reply;
          pending -= 1;
          if (reply.kind === 'accepted') accepted += 1;
          if (accepted >= this.quorum || pending === 0) resolve(replies);
        });
      }
    });
  }

  /** Tells masters that have forgotten where to start from. Returns whether any was told. */
  async #copyFloors(replies: readonly (Reply | null)[]): Promise<boolean> {
    const told = await Promise.all(
      replies.map(async (reply, index) => {
        const master = this.masters[index];
        return reply?.kind === 'unfloored' && master !== undefined && this.#copyFloor(master, reply.nonce);
      }),
    );
    return told.includes(true);
  }

  /**
   * Of the others, all but `q - 1` have accepted what a quorum with this master has: so among `N - q + 1` of them there
   * is one that knows. Where so many cannot be sure of themselves, what all of them remember together has to do.
   */
  async #copyFloor(master: Master, nonce: string): Promise<boolean> {
    const others = this.masters.filter((other) => other !== master);
    const floors = (await Promise.all(others.map(readFloor))).filter((floor) => floor !== null);
    const sure = floors.filter(({ isSure }) => isSure);
    const isEnough = sure.length > this.masters.length - this.quorum || floors.length === others.length;
    if (!isEnough) return false;
    const highest = Math.max(0, ...floors.map(({ number }) => number));
    const [kind] = await answerOf(master, WRITE_FLOOR, [], [nonce, highest]).catch(() => ['']);
    return kind === 'floor';
  }

  #answers(replies: readonly (Reply | null)[]): readonly Answer[] {
    return this.masters.map(({ address }, index) => {
      const reply = replies[index] ?? null;
      if (reply === null) return { address, vote: null };
      if (reply.kind === 'accepted') return { address, vote: { kind: 'granted' } };
      if (reply.kind === 'none') return { address, vote: reply };
      return { address, vote: { kind: 'none', error: new MasterError(address, 'unfenced', REASONS[reply.kind]) } };
    });
  }
}

const REASONS = {
  behind: 'has accepted a higher number meanwhile',
  ahead: 'has a clock that is far behind',
  unfloored: 'has forgotten which numbers it accepted, and too few others could tell',
} as const;

async function ask(master: Master, script: Script, keys: readonly string[], args: readonly Argument[]): Promise<Reply> {
  try {
    const [kind, detail] = await answerOf(master, script, keys, args);
    if (kind === 'accepted') return { kind };
    if (kind === 'behind' || kind === 'ahead') return { kind, highest: Number(detail) };
    if (kind === 'unfloored') return { kind, nonce: String(detail) };
    return { kind: 'none', error: new MasterError(master.address, 'unfenced', `is ${String(kind)}`) };
  } catch (error) {
    return { kind: 'none', error: error as MasterError };
  }
}

async function readFloor(master: Master): Promise<{ number: number; isSure: boolean } | null> {
  const [kind, number, isSure] = await answerOf(master, READ_FLOOR, [], []).catch(() => ['']);
  return kind === 'floor' ? { number: Number(number), isSure: isSure === '1' } : null;
}

/** @throws MasterError */
async function answerOf(
  master: Master,
  { sha }: Script,
  keys: readonly string[],
  args: readonly Argument[],
): Promise<readonly unknown[]> {
  const runId = master.server?.runId ?? '';
  const answer = await master.run(sha, keys.length, [...keys, runId, ...args], () => true);
  return Array.isArray(answer) ? (answer as readonly unknown[]) : [];
}

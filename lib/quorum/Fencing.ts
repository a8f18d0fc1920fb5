import type { Master } from '../master/Master';
import { MasterError } from '../master/MasterError';
import { unreadable } from '../master/replies';
import { runFence, WRITE_NUMBER } from './fenceScripts';
import type { Acquired, Granted, Hold, Refused } from './Hold';
import { Proposal, type Fenced, type Forgetful } from './Proposal';
import { Reminders } from './Reminders';
import type { Rounds } from './Rounds';
import type { Place } from './acquireCall';
import type { Answer, Votes } from './Votes';

/** Beyond it numbers rise by one, so that no clock, however wrong, uses up what a double can count. */
const HIGHEST_BY_CLOCK = 2 ** 52;

/**
 * Fencing tokens: numbers that rise from one holder of a key to the next, whichever masters formed each quorum.
 *
 * An acquire proposes a number, by the clock. A master that grants the lock accepts the number in the same step if it is
 * above all that it has accepted. Accepted by a quorum, it is the token, and has cost no round trip. Otherwise, where
 * clocks differ or others were quicker, the grants name what their masters have accepted: one more than the highest that
 * a quorum of them names is written wherever the lock stands, and is the token once a quorum has it.
 *
 * Why it rises: the next holder's quorum shares a master with the one that has accepted this token. It was accepted
 * there while this holder had the lock, so before the next one was granted it; and what the master accepts or names from
 * then on is not below it. A master that has lost its memory accepts and names nothing until the others have told it
 * where to start from, after its quarantine. Whoever held a lock when it forgot has its token by then, or will not get
 * one; so all that was handed out with that master's vote is known to others who voted for it.
 */
export class Fencing {
  /** How far the numbers are ahead of the clock of this process: they follow the fastest one. */
  #aheadMicros = 0;
  #last = 0;
  readonly #reminders: Reminders;

  /**
   * @param quorum how many masters have to accept
   * @param nowMicros where numbers begin; in microseconds, so that processes seldom propose the same
   */
  constructor(
    private readonly rounds: Rounds,
    private readonly masters: readonly Master[],
    private readonly quorum: number,
    private readonly nowMicros: () => number,
  ) {
    this.#reminders = new Reminders(masters, quorum);
  }

  /** {@link Rounds.acquire}; what is granted has a fencing token. */
  async acquire(keys: readonly string[], ttlMs: number, place: Place | null): Promise<Acquired> {
    const proposal = this.#propose();
    const acquired = await this.rounds.acquire(keys, ttlMs, place, proposal);
    if (acquired.kind !== 'granted') return acquired;
    this.#keepUpWith(proposal);
    void acquired.votes.complete().then(() => proposal.forgetful.map(this.#remind));
    const token = proposal.accepted >= this.quorum ? proposal.number : await this.#goHigher(acquired, proposal);
    if (typeof token === 'number') {
      acquired.hold.fencingToken = token;
      return acquired;
    }
    await this.rounds.release(acquired.hold);
    return token;
  }

  #propose(): Proposal {
    const byClock = Math.min(this.nowMicros() + this.#aheadMicros, HIGHEST_BY_CLOCK);
    this.#last = Math.max(this.#last + 1, byClock);
    return new Proposal(this.#last, this.masters.length);
  }

  #keepUpWith({ known }: Proposal): void {
    this.#aheadMicros = Math.max(this.#aheadMicros, Math.max(...known) - this.nowMicros());
  }

  readonly #remind = ([index, nonce]: Forgetful): Promise<number | null> => this.#reminders.remind(index, nonce);

  /** Costs one more round trip, and two more where a master has to be reminded first. */
  async #goHigher({ hold, term, votes }: Granted, proposal: Proposal): Promise<number | Refused> {
    const isUnsure = proposal.known.length < this.quorum;
    const reminded = isUnsure ? await Promise.all(proposal.forgetful.map(this.#remind)) : [];
    const known = [...proposal.known, ...reminded.filter((highest) => highest !== null)];
    if (known.length < this.quorum) return noQuorum(votes, proposal);
    const higher = new Proposal(Math.max(...known) + 1, this.masters.length);
    await this.#write(hold, higher);
    const isInTime = term.stopwatch.elapsedMs() < term.validForMs;
    return higher.accepted >= this.quorum && isInTime ? higher.number : noQuorum(votes, higher);
  }

  /** Settles as soon as a quorum has it. */
  #write({ keys, token }: Hold, proposal: Proposal): Promise<void> {
    let pending = this.masters.length;
    return new Promise((resolve) => {
      for (const [index, master] of this.masters.entries()) {
        void write(master, keys, token, proposal.number).then((fenced) => {
          proposal.record(index, fenced);
          pending -= 1;
          if (proposal.accepted >= this.quorum || pending === 0) resolve();
        });
      }
    });
  }
}

async function write(master: Master, keys: readonly string[], token: string, number: number): Promise<Fenced> {
  try {
    const [kind, detail] = await runFence(master, WRITE_NUMBER, keys, [token, number]);
    if (kind === 'accepted') return { kind };
    if (kind === 'forgot' && typeof detail === 'string') return { kind, nonce: detail };
    if (kind === 'unadmitted') {
      const error = new MasterError(master.address, 'unadmitted', 'has forgotten that it was admitted');
      master.readmit(error);
      return { kind: 'none', error };
    }
    const doesNotHold = new MasterError(master.address, 'unfenced', 'does not hold the lock any more');
    return { kind: 'none', error: kind === 'gone' ? doesNotHold : unreadable(master.address, kind) };
  } catch (error) {
    return { kind: 'none', error: error as MasterError };
  }
}

/** Too few masters have accepted a number. */
function noQuorum({ answers }: Votes, proposal: Proposal): Refused {
  const explained = answers.map(({ address, vote }, index): Answer => {
    const fenced = proposal.answerOf(index);
    if (fenced?.kind === 'none') return { address, vote: fenced };
    if (fenced?.kind !== 'forgot') return { address, vote };
    const doubt = 'has forgotten which numbers it accepted, and too few others could tell';
    return { address, vote: { kind: 'none', error: new MasterError(address, 'unfenced', doubt) } };
  });
  return { kind: 'no-quorum', answers: explained };
}

import type { Master } from '../master/Master';
import { wholeIn } from '../master/replies';
import { READ_HIGHEST, REMIND, runFence } from './fenceScripts';

/** What one master has accepted; the nonce of a loss where it cannot be sure of that, else ''. */
interface Memory {
  readonly highest: number;
  readonly forgot: string;
}

/**
 * Masters that have forgotten which numbers they accepted are told by the others where to start from. It is done when
 * one that grants a lock again says that it forgot: after its quarantine, and so after every hand-out that it may have
 * had a part in.
 */
export class Reminders {
  /** By nonce: a master that forgets once more is not waiting for the same. */
  readonly #underway = new Map<string, Promise<number | null>>();

  /** @param quorum how many masters have to accept a number */
  constructor(
    private readonly masters: readonly Master[],
    private readonly quorum: number,
  ) {}

  /**
   * @param nonce of the loss: what the others say does not make good a later one
   * @returns what it starts from; null where too few others could tell
   */
  remind(index: number, nonce: string): Promise<number | null> {
    const master = this.masters[index] as Master;
    let reminder = this.#underway.get(nonce);
    if (reminder === undefined) {
      reminder = this.#remind(master, nonce).finally(() => this.#underway.delete(nonce));
      this.#underway.set(nonce, reminder);
    }
    return reminder;
  }

  async #remind(master: Master, nonce: string): Promise<number | null> {
    const others = this.masters.filter((other) => other !== master);
    const memories = await Promise.all(others.map(read));
    // All but `q - 1` of the others were in a quorum with it: among `N - q + 1` of them there is one that knows.
    const sure = memories.filter((memory) => memory?.forgot === '').length;
    const isEnough = sure > this.masters.length - this.quorum || (await this.#haveMostForgotten(others, memories));
    if (!isEnough) return null;
    const highest = Math.max(...memories.map((memory) => memory?.highest ?? 0));
    const [kind, number] = await runFence(master, REMIND, [], [nonce, highest]).catch(() => ['']);
    return kind === 'reminded' ? wholeIn(number) : null;
  }

  /**
   * Whether more than a minority forgot, so that what is left in all of them has to do. Each was unsure when it was read,
   * and by the end of it others may have been reminded in turn, and one that knew may have forgotten: only those that
   * name the same loss twice were all unsure at one instant.
   */
  async #haveMostForgotten(others: readonly Master[], memories: readonly (Memory | null)[]): Promise<boolean> {
    if (memories.includes(null)) return false;
    const again = await Promise.all(others.map(read));
    const isStillUnsure = (memory: Memory | null, index: number): boolean =>
      memory !== null && memory.forgot !== '' && memory.forgot === memories[index]?.forgot;
    return again.filter(isStillUnsure).length >= this.quorum - 1;
  }
}

async function read(master: Master): Promise<Memory | null> {
  const [kind, number, forgot] = await runFence(master, READ_HIGHEST, [], []).catch(() => ['']);
  const highest = wholeIn(number);
  return kind === 'highest' && highest !== null && typeof forgot === 'string' ? { highest, forgot } : null;
}

import type { Master } from '../master/Master';
import { READ_HIGHEST, REMIND, runFence } from './fenceScripts';

/** What one master has accepted; whether it can be sure of that. */
interface Memory {
  readonly highest: number;
  readonly isSure: boolean;
}

/**
 * Masters that have forgotten which numbers they accepted are told by the others where to start from. It is done when
 * one that grants a lock again says that it forgot: after its quarantine, and so after every hand-out that it may have
 * had a part in.
 */
export class Reminders {
  readonly #underway = new Map<Master, Promise<number | null>>();

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
    let reminder = this.#underway.get(master);
    if (reminder === undefined) {
      reminder = this.#remind(master, nonce).finally(() => this.#underway.delete(master));
      this.#underway.set(master, reminder);
    }
    return reminder;
  }

  async #remind(master: Master, nonce: string): Promise<number | null> {
    const others = this.masters.filter((other) => other !== master);
    const memories = (await Promise.all(others.map(read))).filter((memory) => memory !== null);
    // All but `q - 1` of the others were in a quorum with it: among `N - q + 1` of them there is one that knows. Where
    // so many cannot be sure of themselves, more than a minority forgot: then what is left in all of them has to do.
    const sure = memories.filter(({ isSure }) => isSure).length;
    if (sure <= this.masters.length - this.quorum && memories.length < others.length) return null;
    const highest = Math.max(...memories.map((memory) => memory.highest));
    const [kind] = await runFence(master, REMIND, [], [nonce, highest]).catch(() => ['']);
    return kind === 'reminded' ? highest : null;
  }
}

async function read(master: Master): Promise<Memory | null> {
  const [kind, highest, forgot] = await runFence(master, READ_HIGHEST, [], []).catch(() => ['']);
  return kind === 'highest' ? { highest: Number(highest), isSure: forgot === '' } : null;
}

import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import type { Ask, Master } from '../master/Master';
import { MARKER } from '../master/marker';
import { MasterError } from '../master/MasterError';
import { listIn, unreadable, wholeIn } from '../master/replies';
import { FOUND, INSPECT, QUARANTINE } from './guardScripts';

/** The longest guard that can be configured. */
const LONGEST_MS = 2_147_483_647;

/** What a master's marker was last seen to say. */
type Standing =
  /** It knows of nothing: it is new, or has forgotten. */
  | { readonly kind: 'pending'; readonly nonce: string; readonly inspect: () => Promise<Standing> }
  | { readonly kind: 'admitted'; readonly founding: readonly string[]; readonly guardMs: number };

type Pending = Extract<Standing, { kind: 'pending' }>;

/** What is to become of a master that is pending. */
type Decision =
  | { readonly kind: 'found'; readonly founding: readonly string[] }
  /** It came back knowing less than it did. */
  | { readonly kind: 'quarantine' }
  /** Its marker says something else by now. */
  | { readonly kind: 'changed' };

/**
 * The restart guard: decides whether a master may vote after it was connected to.
 *
 * A master that comes back knowing less than it did (restarted empty or from an old snapshot, flushed, replaced) would
 * grant a key again that a living holder still owns. Only an admitted master votes: it carries a marker that names its
 * present run, and acquiring requires that marker in the same atomic step. A master without one is either as new as all
 * the others, and the set is founded; or it alone has forgotten, and gets no vote until every hold that it may have
 * forgotten is over. Nothing of this is decided in this process: each step is a compare-and-set on the master itself,
 * so any number of processes may go through it at once, and stop anywhere.
 */
export class Admission {
  readonly #standings = new Map<Master, Standing>();
  /** Some master was seen to be admitted: if all of them forget, and this process does not, they are still not new. */
  #isFounded = false;
  /** The longest that anybody was seen to ask for, on whatever master: so long is a quarantine. */
  #guardMs: number;
  /** On the monotonic clock: when the quarantine of a master ends. */
  readonly #quarantineEndsMs = new Map<Master, number>();
  readonly #changes = new EventEmitter().setMaxListeners(0);

  constructor(
    private readonly masters: readonly Master[],
    private readonly quorum: number,
    guardMs: number,
  ) {
    this.#guardMs = guardMs;
  }

  /**
   * Resolves when the master is admitted, in quarantine or not.
   *
   * @param signal fires when the connection has gone
   */
  async admit(master: Master, runId: string, ask: Ask, signal: AbortSignal): Promise<void> {
    this.#forgetIfPending(master);
    signal.addEventListener('abort', () => this.#forgetIfPending(master), { once: true });
    const isOnly = this.masters.length === 1 ? '1' : '0';
    const inspect = async (): Promise<Standing> => {
      const args = [runId, this.#guardMs, randomUUID(), isOnly];
      return this.#read(master, await ask(INSPECT, [MARKER], args), inspect);
    };
    let standing = await inspect();
    while (standing.kind === 'pending') {
      const { nonce } = standing;
      const decision = await this.#decided(master, nonce, signal);
      const args = [runId, this.#guardMs, nonce];
      switch (decision.kind) {
        case 'changed':
          standing = await inspect();
          break;
        case 'found':
          standing = this.#read(master, await ask(FOUND, [MARKER], [...args, decision.founding.join()]), inspect);
          break;
        case 'quarantine':
          standing = this.#read(master, await ask(QUARANTINE, [MARKER], args), inspect);
      }
    }
  }

  /** Another master has answered or failed: what could not be decided may be now. */
  reconsider(): void {
    this.#changes.emit('change');
  }

  /** For how much longer a master is in quarantine, in ms; 0 when it is not. */
  quarantineMs(master: Master): number {
    return Math.max(0, (this.#quarantineEndsMs.get(master) ?? 0) - performance.now());
  }

  /** Remembers for how much longer a master is in quarantine: another process may have put it there. */
  quarantine(master: Master, leftMs: number): void {
    this.#quarantineEndsMs.set(master, performance.now() + leftMs);
  }

  #read(master: Master, answer: unknown, inspect: () => Promise<Standing>): Standing {
    const [kind, text, left, guard] = listIn(answer);
    // What one master says is handed on to the others: the longest guard, and whether the set was founded.
    const [leftMs, guardMs] = [wholeIn(left), wholeIn(guard, 0, LONGEST_MS)];
    let standing: Standing;
    if (typeof text !== 'string') throw unreadable(master.address, kind);
    else if (kind === 'pending') standing = { kind, nonce: text, inspect };
    else if (kind !== 'admitted' || leftMs === null || guardMs === null) throw unreadable(master.address, kind);
    else standing = { kind, founding: text === '' ? [] : text.split(','), guardMs };
    this.#standings.set(master, standing);
    if (standing.kind === 'admitted') {
      this.#isFounded = true;
      this.#guardMs = Math.max(this.#guardMs, standing.guardMs);
    }
    this.quarantine(master, leftMs ?? 0);
    this.reconsider();
    return standing;
  }

  async #decided(master: Master, nonce: string, signal: AbortSignal): Promise<Decision> {
    // Its marker was gone when it was to be admitted: it has forgotten even its nonce.
    if (nonce === '') return { kind: 'changed' };
    for (;;) {
      signal.throwIfAborted();
      const standings = [...this.#standings.values()];
      const admitted = standings.filter((standing) => standing.kind === 'admitted');
      // A founding that names this nonce was begun when this master was as new as the others, and is only to be
      // finished. A master that was wiped since has another nonce.
      const named = admitted.find(({ founding }) => founding.includes(nonce));
      if (named !== undefined) return { kind: 'found', founding: named.founding };
      if (this.#isFounded) return { kind: 'quarantine' };
      const isAnybodyUnheard = this.#isAnybodyUnheard(master);
      const pending = [...this.#standings].filter((entry): entry is [Master, Pending] => entry[1].kind === 'pending');
      if (isAnybodyUnheard || pending.length < this.quorum) {
        const doubt = new MasterError(
          master.address,
          'unadmitted',
          'is new, or has forgotten: too few masters can tell',
        );
        if (!isAnybodyUnheard) master.hold(doubt);
        await once(this.#changes, 'change', { signal });
        continue;
      }
      const founding = await this.#stillPending(pending);
      if (!founding.includes(nonce)) return { kind: 'changed' };
      if (founding.length >= this.quorum) return { kind: 'found', founding };
    }
  }

  /**
   * Asks masters that were pending a second time, and returns the nonces that they repeat: those masters were all
   * pending at one instant, between their two answers. Read once, they were pending at one time each, and the first may
   * have been admitted, and have voted, before the last one forgot.
   */
  async #stillPending(pending: readonly (readonly [Master, Pending])[]): Promise<readonly string[]> {
    const repeated = await Promise.all(
      pending.map(async ([master, { nonce, inspect }]) => {
        try {
          const standing = await inspect();
          return standing.kind === 'pending' && standing.nonce === nonce ? [nonce] : [];
        } catch {
          this.#forgetIfPending(master);
          return [];
        }
      }),
    );
    // Sorted, so that all founders of one set write the same.
    return repeated.flat().sort();
  }

  /** One that is still on its way may be as new as the rest, and would be shut out of a founding without it. */
  #isAnybodyUnheard(master: Master): boolean {
    return this.masters.some(
      (other) => other !== master && !this.#standings.has(other) && other.state.kind === 'connecting',
    );
  }

  #forgetIfPending(master: Master): void {
    if (this.#standings.get(master)?.kind === 'pending') this.#standings.delete(master);
  }
}

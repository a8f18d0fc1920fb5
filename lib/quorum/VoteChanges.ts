import type { Master } from '../master/Master';
import type { FaultKind, MasterError } from '../master/MasterError';
import type { Observer } from '../observe/Observer';

/** A longer delay overflows a timer, which then fires at once. */
const LONGEST_DELAY_MS = 2147483647;

/** An admission that takes longer waits for other masters: it is told then. */
const ADMISSION_MS = 1_000;

/**
 * Tells the observers when a master has lost its vote, and why, and when it has its vote again. Each cause is told once
 * until it changes. A master that is connected to and in quarantine has no vote.
 */
export class VoteChanges {
  /** What was last told of each master. */
  readonly #told = new Map<Master, FaultKind | 'ready'>();
  /** One for each master at most: what is to be told later. Cleared with each change, and so when the master is closed. */
  readonly #timers = new Map<Master, NodeJS.Timeout>();

  /** @param quarantineMs for how much longer a master is in quarantine; 0 when it is not */
  constructor(
    private readonly observer: Observer,
    private readonly quarantineMs: (master: Master) => number,
  ) {}

  /** Looks where a master stands now. */
  update(master: Master): void {
    clearTimeout(this.#timers.get(master));
    this.#timers.delete(master);
    const { state, label } = master;
    if (state.kind === 'away') {
      const { error } = state;
      // An admission is under way, and mostly ends within a few round trips.
      if (error.kind === 'unadmitted') this.#later(master, ADMISSION_MS, () => this.#tellAway(master, error));
      else this.#tellAway(master, error);
    }
    if (state.kind !== 'ready') return;
    const leftMs = this.quarantineMs(master);
    if (leftMs > 0) {
      // Nothing else happens at its end.
      this.#later(master, leftMs, () => this.update(master));
      const message = `has lost its memory, and may vote in ${Math.ceil(leftMs)} ms`;
      if (this.#isNews(master, 'quarantined')) this.observer.emit({ kind: 'master-quarantined', label, message });
    } else if (this.#isNews(master, 'ready')) {
      this.observer.emit({ kind: 'master-ready', label });
    }
  }

  #tellAway(master: Master, { kind: fault, message }: MasterError): void {
    const { label } = master;
    if (this.#isNews(master, fault)) this.observer.emit({ kind: 'master-away', label, fault, message });
  }

  #isNews(master: Master, what: FaultKind | 'ready'): boolean {
    const isNews = this.#told.get(master) !== what;
    this.#told.set(master, what);
    return isNews;
  }

  #later(master: Master, afterMs: number, tell: () => void): void {
    const timer = setTimeout(tell, Math.min(Math.ceil(afterMs), LONGEST_DELAY_MS));
    timer.unref();
    this.#timers.set(master, timer);
  }
}

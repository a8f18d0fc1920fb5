/** The last so many ms of a hold are timed to the ms; before, it is looked at now and then. */
const NEAR_MS = 1000;

/** Below the half of it, so that no hold passes from far to its end between two looks. */
const LOOK_MS = 500;

/**
 * The countdowns of one session. A hold may end sooner than any timer says: the wall clock was set forward, or the
 * machine slept. So all are looked at, together, on one timer, however many they are.
 */
export class Countdowns {
  readonly #far = new Set<Countdown>();
  #timer: NodeJS.Timeout | null = null;

  /**
   * @param remaining how much is left, in ms; asked again and again
   * @param onEnd is called within a second of when nothing is left, and to the ms where no clock was set
   */
  create(remaining: () => number, onEnd: () => void): Countdown {
    return new Countdown(this, remaining, onEnd);
  }

  /** Looks at it until it is near its end. */
  add(countdown: Countdown): void {
    this.#far.add(countdown);
    this.#timer ??= setTimeout(this.#look, LOOK_MS).unref();
  }

  remove(countdown: Countdown): void {
    this.#far.delete(countdown);
    if (this.#far.size === 0) this.#stop();
  }

  readonly #look = (): void => {
    this.#timer = null;
    for (const countdown of this.#far) countdown.look();
    if (this.#far.size > 0) this.#timer ??= setTimeout(this.#look, LOOK_MS).unref();
  };

  #stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

/**
 * Calls back when nothing remains of a hold. Does not keep the process alive: there is nothing to do for a lock that
 * nobody works under any more.
 */
export class Countdown {
  #timer: NodeJS.Timeout | null = null;

  /** Made by {@link Countdowns.create}. */
  constructor(
    private readonly all: Countdowns,
    private readonly remaining: () => number,
    private readonly onEnd: () => void,
  ) {}

  /** Starts it, or starts it anew with what remains now. */
  start(): void {
    this.stop();
    const leftMs = this.remaining();
    if (leftMs > NEAR_MS) return this.all.add(this);
    this.#timer = setTimeout(() => {
      if (this.remaining() > 0) this.start();
      else this.onEnd();
    }, Math.ceil(leftMs)).unref();
  }

  stop(): void {
    this.all.remove(this);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** While it is far from its end: is that still so? */
  look(): void {
    const leftMs = this.remaining();
    if (leftMs > NEAR_MS) return;
    if (leftMs > 0) return this.start();
    this.stop();
    this.onEnd();
  }
}

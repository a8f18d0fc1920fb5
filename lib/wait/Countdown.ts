import { LONGEST_TIMER_MS } from './Sleeper';

/**
 * Calls back when nothing remains of a hold. Does not keep the process alive: there is nothing to do for a lock that
 * nobody works under any more.
 */
export class Countdown {
  #timer: NodeJS.Timeout | null = null;

  /** @param remaining how much is left, in ms; asked again when the timer fires */
  constructor(
    private readonly remaining: () => number,
    private readonly onEnd: () => void,
  ) {}

  /** Starts it, or starts it anew with what remains now. */
  start(): void {
    this.stop();
    const leftMs = Math.ceil(this.remaining());
    this.#timer = setTimeout(
      () => {
        if (this.remaining() > 0) this.start();
        else this.onEnd();
      },
      Math.min(leftMs, LONGEST_TIMER_MS),
    ).unref();
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

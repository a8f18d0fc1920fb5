/** Where time is read from. */
export interface Clock {
  /** Never goes back; may stand still while the machine sleeps. In ms. */
  monotonicMs(): number;
  /** May jump either way. In ms. */
  wallMs(): number;
}

/** The clocks of this process. */
export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
};

/** The wall clock in whole microseconds: about right, and seldom the same for two who ask. */
export const systemMicros = (): number => Math.round((performance.timeOrigin + performance.now()) * 1000);

/**
 * Time since a round was sent, read so that it can only be too long: the larger of what the monotonic and the wall
 * clock say. A monotonic clock stands still while a machine sleeps, and then a lock would seem to be held for longer
 * than the masters hold it; a wall clock that is set forward shortens a hold, which is merely a pity.
 */
export class Stopwatch {
  readonly #monotonicMs: number;
  readonly #wallMs: number;
  /** A wall clock that was set forward and right again: what was once seen to be over stays so. */
  #mostMs = 0;

  constructor(private readonly clock: Clock) {
    this.#monotonicMs = clock.monotonicMs();
    this.#wallMs = clock.wallMs();
  }

  /** In ms. */
  elapsedMs(): number {
    const monotonicMs = this.clock.monotonicMs() - this.#monotonicMs;
    this.#mostMs = Math.max(this.#mostMs, monotonicMs, this.clock.wallMs() - this.#wallMs);
    return this.#mostMs;
  }
}

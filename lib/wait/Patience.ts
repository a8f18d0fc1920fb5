import type { LockOptions } from '../config/LockOptions';

/**
 * How long one caller tries, after Redlock's retry policy: `retryDelay`, give or take `retryJitter`, so that contenders
 * who lost a round to each other do not meet again in the next.
 *
 * With a timeout, attempts go on until it has passed, and a number of retries that was set explicitly caps them too.
 * Without one, there are as many retries as `options.retries` says: these are attempts at the masters, and a caller in
 * line has made none. So the span that they take bounds its wait only while the line stands still. Each caller before it
 * gives the lock back within that span, or it is refused itself: the wait is bounded by its place in line. Where there is
 * a deadline, the last attempt falls on it. All times are in ms, on the monotonic clock.
 */
export class Patience {
  readonly startedMs = performance.now();
  readonly #deadlineMs: number;
  readonly #spanMs: number;
  #retriesLeft: number;
  #dueMs = 0;

  /** @param timeoutMs for how long to try; null leaves the number of retries alone to decide */
  constructor(
    private readonly options: LockOptions,
    timeoutMs: number | null,
  ) {
    const { retries, retriesAreSet, retryTimeoutMs } = options;
    this.#deadlineMs = timeoutMs === null ? Infinity : this.startedMs + timeoutMs;
    const isCapped = retries !== -1 && (timeoutMs === null || retriesAreSet);
    this.#retriesLeft = isCapped ? retries : Infinity;
    this.#spanMs = retries === -1 ? Infinity : retries * retryTimeoutMs;
  }

  /**
   * Until when to wait in line for the first attempt.
   *
   * @param servedMs when somebody before the caller gave the lock back last; 0 where nobody has
   */
  inLineUntilMs(servedMs: number): number {
    if (this.#deadlineMs < Infinity) return this.#deadlineMs;
    return Math.max(this.startedMs, servedMs) + this.#spanMs;
  }

  /** When the next attempt is due. */
  get dueMs(): number {
    return this.#dueMs;
  }

  /** Whether the deadline has passed. */
  get isOver(): boolean {
    return performance.now() >= this.#deadlineMs;
  }

  /** Sets the time of the next attempt. Returns whether there is to be one. */
  plan(): boolean {
    const nowMs = performance.now();
    if (this.#retriesLeft <= 0 || nowMs >= this.#deadlineMs) return false;
    const { retryTimeoutMs, retryJitterMs } = this.options;
    const delayMs = Math.max(0, retryTimeoutMs + (Math.random() * 2 - 1) * retryJitterMs);
    this.#retriesLeft = nowMs + delayMs >= this.#deadlineMs ? 0 : this.#retriesLeft - 1;
    this.#dueMs = Math.min(nowMs + delayMs, this.#deadlineMs);
    return true;
  }
}

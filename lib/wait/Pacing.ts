import { setTimeout as sleep } from 'node:timers/promises';
import type { LockOptions } from '../config/LockOptions';

/** A longer timer of Node's fires at once. */
const LONGEST_TIMER_MS = 2_147_483_647;

/**
 * When the next attempt of one `acquireLock` is due, after Redlock's retry policy: `retryDelay`, give or take
 * `retryJitter`, so that contenders who lost a round to each other do not meet again in the next.
 *
 * With a timeout, attempts go on until it has passed, and a number of retries that was set explicitly caps them too.
 * Without one, there are as many retries as `options.retries` says. Where there is a deadline, the last attempt falls
 * on it.
 */
export class Pacing {
  readonly #deadlineMs: number;
  #retriesLeft: number;

  /** @param timeoutMs for how long to try; null leaves the number of retries alone to decide */
  constructor(
    private readonly options: LockOptions,
    timeoutMs: number | null,
  ) {
    this.#deadlineMs = timeoutMs === null ? Infinity : performance.now() + timeoutMs;
    const isCapped = options.retries !== -1 && (timeoutMs === null || options.retriesAreSet);
    this.#retriesLeft = isCapped ? options.retries : Infinity;
  }

  /**
   * Waits until the next attempt is due.
   *
   * @returns whether there is to be one; there is none once the signal has fired
   */
  async next(signal: AbortSignal): Promise<boolean> {
    const leftMs = this.#deadlineMs - performance.now();
    if (signal.aborted || this.#retriesLeft <= 0 || leftMs <= 0) return false;
    const { retryTimeoutMs, retryJitterMs } = this.options;
    const spreadMs = retryTimeoutMs + (Math.random() * 2 - 1) * retryJitterMs;
    const delayMs = Math.min(Math.max(0, spreadMs), LONGEST_TIMER_MS);
    // A timer may fire a little before its time: an attempt at the deadline is the last one all the same.
    this.#retriesLeft = delayMs >= leftMs ? 0 : this.#retriesLeft - 1;
    // It rejects for no other reason than the signal.
    await sleep(Math.min(delayMs, leftMs), undefined, { signal }).catch(() => {});
    return !signal.aborted;
  }
}

import { afterLastLook } from '../time/afterLastLook';
import { onAbort } from './onAbort';

/** What ended a sleep. */
export type Wakening =
  /** Its time was up. */
  | 'time'
  /** All who stood before have gone. */
  | 'turn'
  /** A master said that the lock was given back. */
  | 'bell'
  | 'aborted'
  | 'closed';

/** A longer timer of Node's fires at once. */
export const LONGEST_TIMER_MS = 2_147_483_647;

/** One that sleeps, and can be woken by several things: the first one counts. */
export class Sleeper {
  #wake: ((cause: Wakening) => void) | null = null;

  /**
   * Sleeps until a time on the monotonic clock, in ms, or until it is woken.
   *
   * @param signal wakes it too
   */
  sleep(untilMs: number, signal: AbortSignal | null): Promise<Wakening> {
    if (signal?.aborted === true) return Promise.resolve('aborted');
    return new Promise((resolve) => {
      let cancel = (): void => {};
      const forget = signal === null ? null : onAbort(signal, () => this.wake('aborted'));
      this.#wake = (cause) => {
        this.#wake = null;
        cancel();
        forget?.();
        resolve(cause);
      };
      // A timer may fire a little before its time.
      const look = (): void => {
        const leftMs = untilMs - performance.now();
        if (leftMs <= 0) this.wake('time');
        else cancel = afterLastLook(Math.min(Math.ceil(leftMs), LONGEST_TIMER_MS), look);
      };
      look();
    });
  }

  /** Ends the sleep, if there is one. Returns whether there was. */
  wake(cause: Wakening): boolean {
    if (this.#wake === null) return false;
    this.#wake(cause);
    return true;
  }
}

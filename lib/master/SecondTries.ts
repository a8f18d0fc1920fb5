import { afterLastLook } from '../time/afterLastLook';
import type { MasterError } from './MasterError';

interface SecondTry {
  /** Sends it again. */
  readonly send: () => void;
  /** There is to be none. */
  readonly giveUp: () => void;
}

/**
 * What went down with a connection that had stood, and is sent again on the next one: a connection that was idle may be
 * broken without anybody knowing, and its first command finds out. Each waits for one reconnection at most, and never
 * longer than the first try would have been waited for.
 */
export class SecondTries {
  readonly #waiting = new Set<SecondTry>();

  /**
   * Waits for the next connection, and for the answer that comes over it.
   *
   * @param untilMs on the monotonic clock
   * @param again sends it again
   * @throws MasterError the fault of the first try, where no answer comes in time
   */
  wait(fault: MasterError, untilMs: number, again: () => Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        cancel();
        this.#waiting.delete(one);
      };
      const giveUp = (): void => {
        end();
        reject(fault);
      };
      const cancel = afterLastLook(Math.max(0, untilMs - performance.now()), giveUp);
      const send = (): void => {
        this.#waiting.delete(one);
        again().finally(end).then(resolve, reject);
      };
      const one: SecondTry = { send, giveUp };
      this.#waiting.add(one);
    });
  }

  /** The next connection is ready. */
  send(): void {
    for (const one of [...this.#waiting]) one.send();
  }

  /** There was no next connection. */
  giveUp(): void {
    for (const one of [...this.#waiting]) one.giveUp();
  }
}

import { afterLastLook } from '../time/afterLastLook';

/** A wait is cut into spans of so many ms, so that a stall of this process shows. */
const NAP_MS = 1000;

/**
 * Waits for an answer of somebody who cannot be told to stop. One that comes too late is dropped, a rejection too.
 *
 * @param ms without a timer where it is Infinity
 * @param signal ends the wait; null where nothing does
 * @param refuse says who has not answered
 */
export function answeredWithin<T>(
  answer: T | PromiseLike<T>,
  ms: number,
  signal: AbortSignal | null,
  refuse: () => Error,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => {
      end();
      reject(signal?.reason as Error);
    };
    let cancel = (): void => {};
    // A span in which this process stood still is not counted: it heard nobody.
    const wait = (leftMs: number): void => {
      const napMs = Math.min(leftMs, NAP_MS);
      cancel = afterLastLook(napMs, () => (leftMs > napMs ? wait(leftMs - napMs) : reject(refuse())));
    };
    if (ms !== Infinity) wait(ms);
    const end = (): void => {
      cancel();
      signal?.removeEventListener('abort', abort);
    };
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
    void Promise.resolve(answer).then(resolve, reject).finally(end);
  });
}

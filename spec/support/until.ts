import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 2;

/**
 * Waits until `condition` holds, looking every few milliseconds.
 *
 * @param what the condition in words, for the error
 * @throws Error naming `what` when it does not hold within `withinMs`, with the last error of the condition as its cause
 */
export async function until(condition: () => boolean | Promise<boolean>, what: string, withinMs = 5000): Promise<void> {
  const deadline = performance.now() + withinMs;
  let cause: unknown;
  for (;;) {
    try {
      if (await condition()) return;
    } catch (error) {
      // A condition that asks a master may fail while that master is still on its way.
      cause = error;
    }
    if (performance.now() >= deadline) throw new Error(`not within ${withinMs} ms: ${what}`, { cause });
    await sleep(POLL_MS);
  }
}

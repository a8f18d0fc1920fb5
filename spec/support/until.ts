import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 2;
/** It costs time only where a spec fails, so it is long enough for a machine that stands still for seconds. */
const LIMIT_MS = 20_000;

/**
 * Waits until `condition` holds, looking every few milliseconds. The last look begins after the limit: a process that
 * was stopped for longer than the limit has seen nothing of what happened meanwhile.
 *
 * @param what the condition in words, for the error
 * @throws Error naming `what` when it does not hold within `withinMs`, with the last error of the condition as its cause
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  withinMs = LIMIT_MS,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  let cause: unknown;
  for (;;) {
    const isLastLook = performance.now() >= deadline;
    try {
      if (await condition()) return;
    } catch (error) {
      // A condition that asks a master may fail while that master is still on its way.
      cause = error;
    }
    if (isLastLook) throw new Error(`not within ${withinMs} ms: ${what}`, { cause });
    await sleep(POLL_MS);
  }
}

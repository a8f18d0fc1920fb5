import { rmSync } from 'node:fs';

const GONE_MS = 2000;
const POLL_MS = 2;

/**
 * Removes a folder and all that is in it, synchronously. Processes that write to it may have been killed just before:
 * what they were in the middle of is still done, and may put a file into the folder after its files were removed.
 *
 * @throws Error when it is not empty within two seconds
 */
export function removeFolder(folder: string): void {
  const deadline = performance.now() + GONE_MS;
  // Not rmSync's own maxRetries: they look no second time at what is in the folder.
  while (!isRemoved(folder, performance.now() >= deadline)) pause(POLL_MS);
}

function isRemoved(folder: string, isLastLook: boolean): boolean {
  try {
    rmSync(folder, { recursive: true, force: true });
    return true;
  } catch (error) {
    if (isLastLook || (error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error;
    return false;
  }
}

/** Lets other processes run, not the event loop: a process that ends has no more turns of it. */
function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

import { RedisLock } from '../../../lib';

/**
 * Opens a lock on the configuration in its first argument, takes and gives back a key, closes it, says so, and has
 * nothing more to do: whether the process then ends is up to what the lock has left. Says the code of what it throws.
 */
async function main(): Promise<void> {
  const lock = new RedisLock();
  lock.configure(JSON.parse(process.argv[2] ?? '{}') as Record<string, unknown>);
  try {
    await lock.open('123');
    await lock.acquireLock('123', 'key', 60_000);
    await lock.releaseLock('123', 'key');
    await lock.acquireLock('123', 'never released', 60_000);
    await lock.close('123');
    console.log('closed');
  } catch (error) {
    console.log((error as { readonly code: string }).code);
  }
}

void main();

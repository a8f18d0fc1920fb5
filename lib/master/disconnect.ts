import type { Redis } from 'ioredis';

/**
 * Ends a connection at once and for good, whatever is in flight, and resolves when nothing is left of it.
 *
 * @internal Its type is ioredis's, which the declarations of this package do not ask for.
 */
export async function disconnect(redis: Redis): Promise<void> {
  const { status } = redis;
  // Between two connections there is nothing left that could still end: only a timer, which disconnect() clears.
  const isLive = status !== 'wait' && status !== 'reconnecting' && status !== 'end';
  // Not `once` of node:events: a socket that breaks in this very turn emits an error first, which ends it as well.
  const ended = isLive && new Promise<void>((resolve) => redis.once('end', resolve));
  redis.disconnect();
  await ended;
  redis.removeAllListeners();
  // Errors of a socket that is being torn down may still arrive; without a listener ioredis prints them.
  redis.on('error', () => {});
}

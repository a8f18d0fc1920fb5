import type { Redis } from 'ioredis';
import DataHandler from 'ioredis/built/DataHandler';
import { isUnasked } from './MasterError';

/** What ioredis hands each reply and push of one connection to. */
interface Handler {
  readonly redis: Redis;
  dispatch: (this: Handler, handle: () => void) => void;
}

const guarded = new WeakSet<Redis>();

/**
 * ioredis reads pushes, and replies to SUBSCRIBE, as every server sends them. What it throws at others it throws again
 * where nobody can catch it: a server that sends a null in their place would end the process. And at a length below zero
 * it reads the same bytes again, for ever. On guarded connections what is thrown reaches its reader, which ends the
 * connection, as it does at bytes that cannot be read; and a connection that has ended is read no further.
 */
const handler = DataHandler.prototype as unknown as Handler;
const { dispatch } = handler;
handler.dispatch = function (handle) {
  if (!guarded.has(this.redis)) return dispatch.call(this, handle);
  if (this.redis.stream.destroyed) throw new Error('The connection has ended');
  handle();
};

/**
 * Has a connection end at a reply that ioredis cannot handle, and at one to nothing: it would take each that follows for
 * the reply to another command.
 *
 * @internal Its type is ioredis's.
 */
export function guardReplies(redis: Redis): void {
  guarded.add(redis);
  redis.on('error', (error: Error) => {
    if (isUnasked(error)) redis.stream.destroy();
  });
}

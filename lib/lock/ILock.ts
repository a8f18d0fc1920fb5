import type { ContextLike } from '../contract/Context';

/** A lock, as Pip.Services know it: held under a key, for at most a ttl, by whoever acquired it. */
export interface ILock {
  /**
   * Makes one attempt.
   *
   * @param ttl in ms
   * @returns false when the lock is held by another
   */
  tryAcquireLock(context: ContextLike, key: string, ttl: number): Promise<boolean>;

  /**
   * Makes attempts until the lock is held, and throws when it could not be had in time.
   *
   * @param ttl in ms
   * @param timeout in ms
   */
  acquireLock(context: ContextLike, key: string, ttl: number, timeout: number): Promise<void>;

  /** Gives the lock back. Releasing twice is fine. */
  releaseLock(context: ContextLike, key: string): Promise<void>;
}

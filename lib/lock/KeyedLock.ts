import type { ContextLike } from '../contract/Context';
import type { Lease } from '../lease/Lease';
import { checkKey } from './arguments';
import type { LeaseOptions, TryLeaseOptions } from './LeaseOptions';
import { Lock } from './Lock';
import type { Session } from './Session';

/** What a master says of a release that it has carried out. */
const RELEASED_BY: readonly string[] = ['released', 'gone', 'not held'];

/** The methods of `ILock`: a lease that stands under its key until it is released by it. */
export abstract class KeyedLock extends Lock {
  /** Null while the lock is not open. */
  protected abstract get session(): Session | null;

  /** @throws NOT_OPENED */
  protected abstract sessionFor(context: ContextLike): Session;

  /** Also while `close` waits for what is held. @throws NOT_OPENED */
  protected abstract sessionToRelease(context: ContextLike): Session;

  abstract tryAcquireLease(
    context: ContextLike,
    keys: string | readonly string[],
    ttl: number,
    options?: TryLeaseOptions | null,
  ): Promise<Lease | null>;

  abstract acquireLease(
    context: ContextLike,
    keys: string | readonly string[],
    ttl: number,
    options?: LeaseOptions | null,
  ): Promise<Lease>;

  /**
   * Makes one attempt, and never waits: the answer is false at once when this instance holds the key already or has
   * callers waiting for it.
   *
   * @param key a string of 1 byte to 64 KiB
   * @param ttl for how long the lock is held at most, in ms, from 10 to 2147483647
   * @returns false when the lock is held by another
   * @throws ConnectionException NO_QUORUM when too few masters could say
   * @throws BadRequestException BAD_KEY, BAD_TTL
   * @throws InvalidStateException NOT_OPENED, or CLOSED when the lock is closed meanwhile
   */
  async tryAcquireLock(context: ContextLike, key: string, ttl: number): Promise<boolean> {
    checkKey(context, key);
    const lease = await this.tryAcquireLease(context, key, ttl);
    if (lease !== null) this.session?.held.nameByKey(key, lease);
    return lease !== null;
  }

  /**
   * Makes attempts until the lock is held. There is always a first one, and one at the deadline.
   *
   * @param key a string of 1 byte to 64 KiB
   * @param ttl for how long the lock is held at most, in ms, from 10 to 2147483647
   * @param timeout for how long to try, in ms, from 0 to 2147483647; without it, `options.retries` decides alone. With
   *   it, a number of retries that is configured explicitly caps them too
   * @param signal cancels the wait; an attempt under way is seen to its end, and what it was granted is given back
   * @throws ConflictException LOCK_TIMEOUT when another held the lock to the end
   * @throws ConnectionException NO_QUORUM when too few masters could say at the end
   * @throws BadRequestException BAD_KEY, BAD_TTL, BAD_TIMEOUT
   * @throws InvalidStateException NOT_OPENED, or CLOSED when it is closed meanwhile
   * @throws the signal's reason when it fires first
   */
  async acquireLock(
    context: ContextLike,
    key: string,
    ttl: number,
    timeout?: number | null,
    signal?: AbortSignal | null,
  ): Promise<void> {
    checkKey(context, key);
    const lease = await this.acquireLease(context, key, ttl, { timeout, signal });
    this.session?.held.nameByKey(key, lease);
  }

  /**
   * {@link acquireLock}, for callers who have no ttl in mind.
   *
   * @param ttl in ms; `options.ttl` where it is left out
   */
  async acquire(
    context: ContextLike,
    key: string,
    ttl?: number | null,
    timeout?: number | null,
    signal?: AbortSignal | null,
  ): Promise<void> {
    return this.acquireLock(context, key, ttl ?? this.sessionFor(context).options.ttlMs, timeout, signal);
  }

  /**
   * Gives back what this instance has acquired by key; nothing happens when that is nothing. Nobody else's lock is
   * touched, also when this one ran out and another process holds the key now.
   *
   * It knows the key and not the caller: where one caller's lock ran out and another caller of the same instance holds
   * the key now, it is that one's lock which ends. A {@link Lease} knows whose it is.
   *
   * @throws ConnectionException NO_QUORUM when too few masters confirmed it; the lock ends with its ttl then
   * @throws BadRequestException BAD_KEY
   * @throws InvalidStateException NOT_OPENED
   */
  async releaseLock(context: ContextLike, key: string): Promise<void> {
    checkKey(context, key);
    const session = this.sessionToRelease(context);
    const startedMs = performance.now();
    const outcome = await session.release(key);
    if (outcome?.kind !== 'unreachable') return;
    const masters = outcome.masters.map(({ address, answer }) => {
      return { address, words: answer, error: null, couldVote: RELEASED_BY.includes(answer) };
    });
    throw session.undecided(context, 'release', [key], masters, startedMs);
  }
}

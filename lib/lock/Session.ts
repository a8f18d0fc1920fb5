import { setMaxListeners } from 'node:events';
import type { LockOptions } from '../config/LockOptions';
import type { ContextLike } from '../contract/Context';
import { HeldLocks } from '../lease/HeldLocks';
import { Lease, type ReleaseOutcome } from '../lease/Lease';
import type { Observer } from '../observe/Observer';
import type { Answer } from '../quorum/Ballot';
import type { Quorum } from '../quorum/Quorum';
import type { Acquired } from '../quorum/Rounds';
import { Pacing } from '../wait/Pacing';
import { closed, undecided } from './errors';
import type { LockStatus } from './LockStatus';

/** What one attempt, or a series of them, came to. */
export type Attempted = { readonly kind: 'held'; readonly lease: Lease } | Exclude<Acquired, { kind: 'granted' }>;

/** All that there is between one `open` and its `close`: here the wait, the round and the lease meet. */
export class Session {
  readonly #held = new HeldLocks();
  readonly #waiters = new Map<string, number>();
  #underway = 0;
  #hasWarned = false;
  #onIdle = (): void => {};
  readonly #closing = new AbortController();

  constructor(
    readonly options: LockOptions,
    readonly quorum: Quorum,
    private readonly observer: Observer,
  ) {
    // Every waiter listens to it.
    setMaxListeners(0, this.#closing.signal);
  }

  /** How the lock and each of its masters fare now. */
  status(): LockStatus {
    return {
      isOpen: true,
      quorum: this.quorum.size,
      masters: this.quorum.masters.map((master) => ({
        address: master.address,
        state: master.state.kind,
        roundTripMs: master.roundTripMs,
        lastError: master.lastError && `${master.lastError.kind}: ${master.lastError.message}`,
        quarantineMs: this.quorum.quarantineMs(master),
        maxmemoryPolicy: master.server?.maxmemoryPolicy ?? null,
      })),
      held: this.#held.size,
      waiters: [...this.#waiters.values()].reduce((sum, count) => sum + count, 0),
    };
  }

  /** Whether somebody in this process holds the key, or stands in line for it. */
  isBusy(key: string): boolean {
    return this.#held.has(key) || this.#waiters.has(key);
  }

  /** Makes one attempt. */
  async attempt(context: ContextLike, key: string, ttlMs: number): Promise<Attempted> {
    const startedMs = performance.now();
    const { rounds } = this.quorum;
    if (ttlMs > this.options.restartGuardMs) this.#warnOfLongTtl(context, ttlMs);
    this.#underway += 1;
    try {
      const acquired = await rounds.acquire([this.options.keyPrefix + key], ttlMs);
      if (acquired.kind !== 'granted') {
        if (acquired.kind === 'taken') this.observer.emit({ kind: 'refused', context, key });
        return acquired;
      }
      const lease = new Lease([key], acquired.grant, rounds);
      if (this.#closing.signal.aborted) {
        await lease.release();
        throw closed(context);
      }
      this.#held.add(key, lease);
      this.observer.emit({ kind: 'acquired', context, key, tookMs: performance.now() - startedMs });
      return { kind: 'held', lease };
    } finally {
      this.#settled();
    }
  }

  /**
   * Makes attempts until the lock is held or the time is up.
   *
   * @param timeoutMs for how long; null leaves it to `options.retries`
   * @returns what the last attempt came to
   */
  async acquire(context: ContextLike, key: string, ttlMs: number, timeoutMs: number | null): Promise<Attempted> {
    const pacing = new Pacing(this.options, timeoutMs);
    this.#waiters.set(key, (this.#waiters.get(key) ?? 0) + 1);
    try {
      let attempted: Attempted;
      do {
        attempted = await this.attempt(context, key, ttlMs);
      } while (attempted.kind !== 'held' && (await pacing.next(this.#closing.signal)));
      if (attempted.kind !== 'held' && this.#closing.signal.aborted) throw closed(context);
      return attempted;
    } finally {
      const left = (this.#waiters.get(key) ?? 1) - 1;
      if (left === 0) this.#waiters.delete(key);
      else this.#waiters.set(key, left);
    }
  }

  /** Gives back what is held under the key; null when nothing is. */
  async release(context: ContextLike, key: string): Promise<ReleaseOutcome | null> {
    const lease = this.#held.take(key);
    if (lease === null) return null;
    this.#underway += 1;
    try {
      const outcome = await lease.release();
      if (outcome.kind === 'released') this.observer.emit({ kind: 'released', context, key });
      else if (outcome.kind !== 'unreachable') this.observer.emit({ kind: 'gone', context, key, how: outcome.kind });
      return outcome;
    } finally {
      this.#settled();
    }
  }

  /** Too few masters could say: tells the observers, and returns what is to be thrown. */
  undecided(
    context: ContextLike,
    operation: 'acquire' | 'release',
    key: string,
    answers: readonly Answer[],
    startedMs: number,
  ): Error {
    const error = undecided(context, operation, key, this.quorum.size, answers);
    this.observer.emit({ kind: 'failed', context, operation, error, tookMs: performance.now() - startedMs });
    return error;
  }

  /**
   * Ends every wait with CLOSED, lets the rounds under way settle (they do within `node_timeout`), gives back what is
   * held unless `release_on_close` is off, and closes the connections.
   */
  async close(): Promise<void> {
    this.#closing.abort();
    if (this.#underway > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
    if (this.options.releaseOnClose) await Promise.allSettled(this.#held.valid().map((lease) => lease.release()));
    await this.quorum.close();
  }

  /** Once: whoever uses such a ttl does so all the time. */
  #warnOfLongTtl(context: ContextLike, ttlMs: number): void {
    const { restartGuardMs } = this.options;
    if (this.#hasWarned || restartGuardMs === 0) return;
    this.#hasWarned = true;
    const message = `A ttl of ${ttlMs} ms is longer than options.restart_guard, ${restartGuardMs} ms: `;
    const harm = 'a lock may be granted again while it is held, when masters lose their memory';
    this.observer.emit({ kind: 'warning', context, message: message + harm });
  }

  #settled(): void {
    this.#underway -= 1;
    if (this.#underway === 0) this.#onIdle();
  }
}

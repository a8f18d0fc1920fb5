import type { LockOptions } from '../config/LockOptions';
import type { ContextLike } from '../contract/Context';
import { HeldLocks } from '../lease/HeldLocks';
import { Lease, type ReleaseOutcome } from '../lease/Lease';
import type { Observer } from '../observe/Observer';
import type { Answer } from '../quorum/Ballot';
import type { Quorum } from '../quorum/Quorum';
import type { Refused } from '../quorum/Rounds';
import type { Place } from '../quorum/Voter';
import { Bell } from '../wait/Bell';
import { untilExpiryMs } from '../wait/expiry';
import { Lines, type Waiter } from '../wait/Lines';
import { Patience } from '../wait/Patience';
import type { Wakening } from '../wait/Sleeper';
import { closed, undecided } from './errors';
import type { LockStatus } from './LockStatus';

/** What one attempt, or a series of them, came to. */
export type Attempted = { readonly kind: 'held'; readonly lease: Lease } | Refused;

/** Of one call that wants a lock. */
export interface Wish {
  readonly context: ContextLike;
  readonly key: string;
  readonly ttlMs: number;
  /** For how long to try; null leaves it to `options.retries`. */
  readonly timeoutMs: number | null;
  /** Cancels the wait. */
  readonly signal: AbortSignal | null;
}

/** Nobody was asked: this instance holds the key itself. */
const HELD_HERE: Refused = { kind: 'taken', answers: [] };

/** For how long those of other processes who were woken go first: about what their message and their round take. */
const COURTESY_MS = 1;

/** All that there is between one `open` and its `close`: here the line, the round and the lease meet. */
export class Session {
  readonly #held = new HeldLocks();
  readonly #lines = new Lines();
  #hasWarned = false;

  constructor(
    readonly options: LockOptions,
    readonly quorum: Quorum,
    private readonly observer: Observer,
  ) {}

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
      waiters: this.#lines.waiting,
    };
  }

  /** Whether somebody in this process holds the key, or waits for it. */
  isBusy(key: string): boolean {
    return this.#lines.isBusy(key);
  }

  /**
   * Stands in line until all who came before have gone, then makes attempts until the lock is held or the time is up.
   *
   * @returns what the last attempt came to
   * @throws CLOSED, or the reason of the caller's signal
   */
  async acquire(wish: Wish): Promise<Attempted> {
    const patience = new Patience(this.options, wish.timeoutMs);
    const waiter = this.#lines.join(wish.key);
    try {
      while (!waiter.isFirst) {
        const cause = await waiter.sleep(patience.inLineUntilMs, wish.signal);
        throwIfEnded(cause, wish);
        if (cause !== 'time') continue;
        // Nobody here is before it: the line only stands still to let others pass.
        if (waiter.previous?.isOver === true && waiter.previous.isFirst) break;
        return waiter.line.lastRefusal ?? HELD_HERE;
      }
      // Where others are known to wait as well, the first attempt is to take a place behind them.
      const isContested = waiter.line.isAwaitedElsewhere && patience.plan();
      if (!isContested) {
        const attempted = await this.#attempt(wish, waiter, null);
        if (attempted.kind === 'held' || !patience.plan()) return attempted;
      }
      return await this.#contend(wish, waiter, patience);
    } finally {
      if (waiter.hold === null) waiter.leave();
    }
  }

  /** Gives back what is held under the key; null when nothing is. */
  async release(context: ContextLike, key: string): Promise<ReleaseOutcome | null> {
    const holding = this.#held.take(key);
    if (holding === null) return null;
    const { lease, waiter } = holding;
    const released = lease.release();
    // The round of the next in line follows on the same connections, so every master runs it after this one.
    if (!waiter.line.isAwaitedElsewhere) waiter.leave();
    const outcome = await released;
    if (outcome.kind === 'released') this.observer.emit({ kind: 'released', context, key });
    else if (outcome.kind !== 'unreachable') this.observer.emit({ kind: 'gone', context, key, how: outcome.kind });
    if (outcome.kind === 'released' && outcome.hasWoken) this.#lines.giveWay(key, waiter, COURTESY_MS);
    else waiter.leave();
    return outcome;
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
    await this.#lines.close();
    await this.quorum.rounds.idle();
    if (this.options.releaseOnClose) await Promise.allSettled(this.#held.valid().map((lease) => lease.release()));
    await this.quorum.close();
  }

  /** The attempts of one who waits, in front of the line of this process. */
  async #contend(wish: Wish, waiter: Waiter, patience: Patience): Promise<Attempted> {
    const bell = new Bell(this.quorum, this.options, patience.startedMs, () => waiter.wake('bell'));
    try {
      // What was given back before the first moment of listening rang for nobody: ask at once.
      let cause = bell.listen() ? 'bell' : await this.#pause(wish, waiter, patience, bell);
      for (;;) {
        throwIfEnded(cause, wish);
        const attempted = await this.#attempt(wish, waiter, bell.place());
        if (attempted.kind === 'held' || (cause === 'time' && !patience.plan())) return attempted;
        cause = await this.#pause(wish, waiter, patience, bell);
      }
    } finally {
      bell.close();
    }
  }

  /** Sleeps until the next attempt is worth its while: `time` says that it is a retry, `bell` that it is a free one. */
  async #pause(wish: Wish, waiter: Waiter, patience: Patience, bell: Bell): Promise<Wakening> {
    const answers = waiter.line.lastRefusal?.answers ?? [];
    const freeMs = performance.now() + untilExpiryMs(answers, this.quorum.size);
    for (;;) {
      const cause = await waiter.sleep(Math.min(freeMs, bell.rangMs, patience.dueMs), wish.signal);
      if (cause === 'time') return patience.dueMs <= performance.now() ? 'time' : 'bell';
      if (cause !== 'bell') return cause;
    }
  }

  async #attempt(wish: Wish, waiter: Waiter, place: Place | null): Promise<Attempted> {
    const { context, key, ttlMs, signal } = wish;
    const startedMs = performance.now();
    const { rounds } = this.quorum;
    if (ttlMs > this.options.restartGuardMs) this.#warnOfLongTtl(context, ttlMs);
    const acquired = await rounds.acquire([this.options.keyPrefix + key], ttlMs, place);
    waiter.line.lastRefusal = acquired.kind === 'granted' ? null : acquired;
    if (acquired.kind !== 'granted') {
      if (acquired.kind === 'taken') this.observer.emit({ kind: 'refused', context, key });
      return acquired;
    }
    const lease = new Lease([key], acquired.grant, rounds);
    if (this.#lines.isClosed || signal?.aborted === true) {
      await lease.release();
      throwIfEnded(this.#lines.isClosed ? 'closed' : 'aborted', wish);
    }
    waiter.keep(lease);
    this.#held.add(key, { lease, waiter });
    this.observer.emit({ kind: 'acquired', context, key, tookMs: performance.now() - startedMs });
    return { kind: 'held', lease };
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
}

function throwIfEnded(cause: Wakening, { context, signal }: Wish): void {
  if (cause === 'closed') throw closed(context);
  if (cause === 'aborted') signal?.throwIfAborted();
}

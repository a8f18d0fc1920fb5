import type { LockOptions } from '../config/LockOptions';
import type { ContextLike } from '../contract/Context';
import type { Lease } from '../lease/Lease';
import type { Quorum } from '../quorum/Quorum';
import { Stopwatch, systemClock } from '../quorum/Stopwatch';
import type { Refused } from '../quorum/Hold';
import type { Place } from '../quorum/acquireCall';
import { Bell } from '../wait/Bell';
import { untilExpiryMs } from '../wait/expiry';
import type { Lines, Waiter } from '../wait/Lines';
import { Patience } from '../wait/Patience';
import type { Wakening } from '../wait/Sleeper';
import { closed } from './errors';

/** How a lease is kept once it is held. */
export interface Keeping {
  /** Whether it is renewed by itself. */
  readonly isRenewed: boolean;
  /** For how long it is held at most, in ms; Infinity without end. */
  readonly maxHoldMs: number;
}

/** Of one call that wants a lock. */
export interface Wish {
  readonly context: ContextLike;
  /** To be held together. */
  readonly keys: readonly string[];
  readonly ttlMs: number;
  /** For how long to try; null leaves it to `options.retries`. */
  readonly timeoutMs: number | null;
  /** Until when, on the monotonic clock; Infinity without a timeout, and for one attempt, which is always made. */
  readonly deadlineMs: number;
  /** Cancels the wait. */
  readonly signal: AbortSignal | null;
  readonly keeping: Keeping;
  readonly fencing: boolean;
}

/** What one attempt, or a series of them, came to. */
export type Attempted = { readonly kind: 'held'; readonly lease: Lease } | Refused;

/** Nobody was asked: this instance holds the key itself. */
const HELD_HERE: Refused = { kind: 'taken', answers: [] };

/** How one caller comes to hold what it wishes for: it stands in line in this process, then makes attempts. */
export class Contest {
  readonly #patience: Patience;
  /** One in the line of each key. */
  readonly #waiters: Waiter[] = [];

  /** @param attempt makes one, for whoever stands first in each line */
  constructor(
    private readonly options: LockOptions,
    private readonly quorum: Quorum,
    private readonly lines: Lines,
    private readonly wish: Wish,
    private readonly attempt: (waiters: readonly Waiter[], place: Place | null) => Promise<Attempted>,
  ) {
    this.#patience = new Patience(options, wish.timeoutMs);
  }

  /**
   * @returns what the last attempt came to
   * @throws CLOSED, or the reason of the caller's signal
   */
  async run(): Promise<Attempted> {
    try {
      const { keys } = this.wish;
      // In one order for all, so that no two wait for each other.
      for (const key of keys.length === 1 ? keys : [...keys].sort()) {
        const waiter = this.lines.join(key);
        this.#waiters.push(waiter);
        const refused = waiter.isFirst ? null : await this.#standInLine(waiter);
        if (refused !== null) return refused;
      }
      // Where others are known to wait as well, the first attempt is to take a place behind them.
      const isContested = this.#waiters.some(({ line }) => line.isAwaitedElsewhere) && this.#patience.plan();
      if (isContested) return await this.#persist(true);
      const attempted = await this.attempt(this.#waiters, null);
      if (attempted.kind === 'held' || !this.#patience.plan()) return attempted;
      return await this.#persist(false);
    } finally {
      for (const waiter of this.#waiters) if (waiter.hold === null) waiter.leave();
    }
  }

  /** @returns null once it stands first */
  async #standInLine(waiter: Waiter): Promise<Refused | null> {
    while (!waiter.isFirst) {
      const untilMs = (): number => this.#patience.inLineUntilMs(waiter.line.servedMs);
      const cause = await waiter.sleep(untilMs(), this.wish.signal);
      throwIfEnded(this.wish, this.lines);
      if (cause !== 'time' || performance.now() < untilMs()) continue;
      // Nobody here is before it: the line only stands still to let others pass.
      if (waiter.previous?.isOver === true && waiter.previous.isFirst) return null;
      return waiter.line.lastRefusal ?? HELD_HERE;
    }
    return null;
  }

  /**
   * The attempts of one who waits, first in line in this process. What was given back before the first moment of
   * listening rang for nobody: so whoever listens asks at once. Where it has asked before, that is its first retry, taken
   * early, and each later one comes a pause earlier too: the last pause ends without an attempt.
   */
  async #persist(isFirst: boolean): Promise<Attempted> {
    const bell = new Bell(this.quorum, this.options, this.#patience.startedMs, () =>
      this.#waiters.at(-1)?.wake('bell'),
    );
    try {
      const isListening = bell.listen();
      const isEarly = isListening && !isFirst;
      let cause = isListening || isFirst ? 'bell' : await this.#pause(bell);
      for (;;) {
        throwIfEnded(this.wish, this.lines);
        const attempted = await this.attempt(this.#waiters, bell.place());
        // One that was under way at the deadline was the last.
        if (attempted.kind === 'held' || this.#patience.isOver) return attempted;
        if (!isEarly && cause === 'time' && !this.#patience.plan()) return attempted;
        cause = await this.#pause(bell);
        const isDone = isEarly && cause === 'time' && !this.#patience.plan();
        if (isDone && !this.#patience.isOver) return attempted;
      }
    } finally {
      bell.close();
    }
  }

  /** Sleeps until the next attempt is worth its while: `time` says that it is a retry, `bell` that it is a free one. */
  async #pause(bell: Bell): Promise<Wakening> {
    const waiter = this.#waiters.at(-1);
    const { dueMs } = this.#patience;
    if (waiter === undefined) return 'time';
    const takenMs = untilExpiryMs(waiter.line.lastRefusal?.answers ?? [], this.quorum.size);
    // The monotonic clock stands still while the machine sleeps, and the masters' do not.
    const stopwatch = new Stopwatch(systemClock);
    const remaining = (): number => takenMs - stopwatch.elapsedMs();
    const expiry = this.lines.countdowns.create(remaining, () => waiter.wake('bell'));
    if (takenMs < Infinity) expiry.start();
    try {
      for (;;) {
        const cause = await waiter.sleep(Math.min(bell.rangMs, dueMs), this.wish.signal);
        // It may have rung in a pause that this process has overslept.
        const hasRung = bell.rangMs < Infinity;
        if (cause === 'time') return dueMs <= performance.now() && !hasRung ? 'time' : 'bell';
        if (cause !== 'bell') return cause;
        if (remaining() <= 0) return 'bell';
      }
    } finally {
      expiry.stop();
    }
  }
}

/** @throws CLOSED, or the reason of the caller's signal */
export function throwIfEnded({ context, signal }: Wish, lines: Lines): void {
  signal?.throwIfAborted();
  if (lines.isClosed) throw closed(context);
}

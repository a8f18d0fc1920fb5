import type { LockOptions } from '../config/LockOptions';
import type { ContextLike } from '../contract/Context';
import { HeldLocks } from '../lease/HeldLocks';
import { Lease } from '../lease/Lease';
import type { HandedOver } from '../lease/HandedOver';
import { Renewals } from '../lease/Renewals';
import type { Observer } from '../observe/Observer';
import { saidIn, type Said } from '../quorum/noQuorum';
import type { Quorum } from '../quorum/Quorum';
import type { Acquired, Hold, Term } from '../quorum/Hold';
import type { Place } from '../quorum/acquireCall';
import { Lines, type Waiter } from '../wait/Lines';
import { RoundWindow } from '../wait/RoundWindow';
import { Contest, throwIfEnded, type Attempted, type Keeping, type Wish } from './Contest';
import { closed, lost, undecided } from './errors';
import { Keeper } from './Keeper';
import { masterStatus, type LockStatus } from './LockStatus';

/** What a master says of a release that it has carried out. */
const RELEASED_BY: readonly string[] = ['released', 'gone', 'not held'];

/** A shorter ttl may have been meant in seconds. */
const SECOND_MS = 1000;
const UNIT = 'every ttl and timeout is in ms';

/** All that there is between one `open` and its `close`. */
export class Session {
  readonly held = new HeldLocks();
  readonly lines: Lines;
  readonly window = new RoundWindow();
  readonly renewals = new Renewals();
  isClosed = false;
  isDraining = false;
  /** Adoptions of which it is not known whether the masters have run them, by what was handed over. */
  readonly #undecided = new Map<string, { readonly hold: Hold; readonly untilMs: number }>();
  readonly #adopting = new Set<Promise<unknown>>();
  /** The options that were warned of. */
  readonly #warnedOf = new Set<keyof LockOptions>();

  constructor(
    readonly options: LockOptions,
    readonly quorum: Quorum,
    readonly observer: Observer,
  ) {
    this.lines = new Lines(options.retryTimeoutMs);
  }

  /** How the lock and each of its masters fare now. */
  status(): LockStatus {
    const masters = this.quorum.masters.map((master) => masterStatus(master, this.quorum.quarantineMs(master)));
    return {
      isOpen: true,
      canLock: masters.filter(({ state }) => state === 'ready').length >= this.quorum.size,
      quorum: this.quorum.size,
      masters,
      held: this.held.size,
      waiters: this.lines.waiting,
    };
  }

  /** Whether somebody in this process holds one of the keys, or waits for it. */
  isBusy(keys: readonly string[]): boolean {
    return keys.some((key) => this.lines.isBusy(key));
  }

  /**
   * Waits until the lock is held or the time is up.
   *
   * @returns what the last attempt came to, and how many there were
   * @throws CLOSED, or the reason of the caller's signal
   */
  async acquire(wish: Wish): Promise<Attempted & { readonly attempts: number }> {
    let attempts = 0;
    const attempt = (waiters: readonly Waiter[], place: Place | null) => {
      attempts += 1;
      return this.#attempt(wish, waiters, place);
    };
    const attempted = await new Contest(this.options, this.quorum, this.lines, wish, attempt).run();
    return { ...attempted, attempts };
  }

  /**
   * Gives back what was acquired by key, where anything was.
   *
   * @throws NO_QUORUM when too few masters confirmed it
   */
  async releaseByKey(context: ContextLike, key: string): Promise<void> {
    const startedMs = performance.now();
    const outcome = await this.held.take(key)?.release();
    if (outcome?.kind !== 'unreachable') return;
    const masters = outcome.masters.map(({ address, answer }) => {
      return { address, words: answer, error: null, couldVote: RELEASED_BY.includes(answer) };
    });
    throw this.undecided(context, 'release', [key], masters, startedMs);
  }

  /**
   * Takes over a lock that another lease has handed over, after a round that keeps it for its ttl from now.
   *
   * @throws LOCK_LOST, NO_QUORUM, CLOSED
   */
  adopt(context: ContextLike, handedOver: HandedOver, keeping: Keeping): Promise<Lease> {
    const adopting = this.#adopt(context, handedOver, keeping);
    this.#adopting.add(adopting);
    return adopting.finally(() => this.#adopting.delete(adopting));
  }

  async #adopt(context: ContextLike, handedOver: HandedOver, keeping: Keeping): Promise<Lease> {
    const { rounds } = this.quorum;
    const { keys, token, longestTtl } = handedOver;
    const ttl = Math.min(handedOver.ttl, keeping.maxHoldMs);
    this.#warnOfTtl(context, ttl);
    const inheritance = { ...handedOver, keys: this.#names(keys), longestTtlMs: Math.max(handedOver.ttl, longestTtl) };
    const hold = this.#undecided.get(token)?.hold ?? rounds.inherit(inheritance);
    this.#undecided.delete(token);
    const extended = await rounds.extend(hold, ttl);
    switch (extended.kind) {
      case 'kept':
        if (this.lines.isClosed) {
          await rounds.release(hold);
          throw closed(context);
        }
        return this.#keep(context, keys, hold, extended.term, [], keeping);
      case 'lost':
        // What single masters may still hold of it is nobody's any more.
        void rounds.release(hold);
        throw lost(context, keys, 'the masters did not hold it any more when it was adopted');
      case 'undecided':
        for (const [other, { untilMs }] of this.#undecided) {
          if (untilMs < performance.now()) this.#undecided.delete(other);
        }
        this.#undecided.set(token, { hold, untilMs: performance.now() + 2 * hold.longestTtlMs });
        throw undecided(context, 'adopt', keys, this.quorum, extended.answers.map(saidIn));
    }
  }

  /** Too few masters could say: tells the observers, and returns what is to be thrown. */
  undecided(
    context: ContextLike,
    operation: 'acquire' | 'release',
    keys: readonly string[],
    masters: readonly Said[],
    startedMs: number,
  ): Error {
    const error = undecided(context, operation, keys, this.quorum, masters);
    this.observer.emit({ kind: 'failed', context, operation, error, tookMs: performance.now() - startedMs });
    return error;
  }

  /**
   * Ends every wait with CLOSED, waits for what is held to be given back by its holders, lets the rounds under way settle
   * (each does within `node_timeout`), gives back what is still held unless `release_on_close` is off, and closes the
   * connections.
   *
   * @param drainMs for how long to wait for the holders at most
   */
  async close(drainMs = 0): Promise<void> {
    const nobodyWaits = this.lines.close();
    if (drainMs > 0) {
      // Those whose round has not had its turn yet.
      void this.window.close();
      this.isDraining = true;
      await this.held.drained(drainMs);
      this.isDraining = false;
    }
    this.isClosed = true;
    this.renewals.close();
    const idle = this.window.close();
    // Beside the rounds that are under way, so that it takes no longer than they do.
    const released = this.#releaseAll();
    await nobodyWaits;
    await Promise.allSettled(this.#adopting);
    await Promise.all([released, this.#releaseAll(), idle]);
    await this.quorum.rounds.idle();
    await this.quorum.close();
  }

  /** Gives back what is held, unless `release_on_close` is off. Every signal fires before anything is given back. */
  async #releaseAll(): Promise<void> {
    if (!this.options.releaseOnClose) return;
    const adopted = [...this.#undecided.values()].map(({ hold }) => this.quorum.rounds.release(hold));
    this.#undecided.clear();
    await Promise.allSettled([...adopted, ...this.held.valid().map((lease) => lease.close())]);
  }

  async #attempt(wish: Wish, waiters: readonly Waiter[], place: Place | null): Promise<Attempted> {
    const { context, keys, ttlMs } = wish;
    const startedMs = performance.now();
    const { rounds } = this.quorum;
    this.#warnOfTtl(context, ttlMs);
    const acquired = await this.#inTurn(wish, place);
    for (const { line } of waiters) line.lastRefusal = acquired.kind === 'granted' ? null : acquired;
    if (acquired.kind === 'taken') for (const key of keys) this.observer.emit({ kind: 'refused', context, key });
    try {
      throwIfEnded(wish, this.lines);
    } catch (error) {
      if (acquired.kind === 'granted') await rounds.release(acquired.hold);
      throw error;
    }
    if (acquired.kind !== 'granted') return acquired;
    const lease = this.#keep(context, keys, acquired.hold, acquired.term, waiters, wish.keeping);
    const tookMs = performance.now() - startedMs;
    for (const key of keys) this.observer.emit({ kind: 'acquired', context, key, tookMs });
    return { kind: 'held', lease };
  }

  /** One round, as soon as there is room for it beside the others of this process. */
  async #inTurn({ keys, ttlMs, deadlineMs, signal, fencing }: Wish, place: Place | null): Promise<Acquired> {
    const { rounds, fencing: fencedRounds } = this.quorum;
    if (!this.window.tryEnter()) {
      const untilMs = Math.max(deadlineMs, performance.now() + this.options.nodeTimeoutMs);
      if (!(await this.window.waitToAcquire(untilMs, signal))) return this.quorum.notAsked();
    }
    try {
      return await (fencing ? fencedRounds : rounds).acquire(this.#names(keys), ttlMs, place);
    } finally {
      this.window.leave();
    }
  }

  #keep(
    context: ContextLike,
    keys: readonly string[],
    hold: Hold,
    term: Term,
    waiters: readonly Waiter[],
    { isRenewed, maxHoldMs }: Keeping,
  ): Lease {
    const lease = new Lease(keys, hold, term, new Keeper(this, context, waiters), maxHoldMs);
    // One that ran out is not to keep the lines of its keys in memory.
    this.held.add(lease, () => waiters.forEach((waiter) => waiter.leave()));
    for (const waiter of waiters) waiter.keep(lease);
    if (isRenewed) this.renewals.add(lease, term.ttlMs);
    return lease;
  }

  /** As the masters know them. */
  #names(keys: readonly string[]): readonly string[] {
    return keys.map((key) => this.options.keyPrefix + key);
  }

  #warnOfTtl(context: ContextLike, ttlMs: number): void {
    const { restartGuardMs, nodeTimeoutMs } = this.options;
    if (ttlMs > restartGuardMs && restartGuardMs > 0) {
      const message = `A ttl of ${ttlMs} ms is longer than options.restart_guard, ${restartGuardMs} ms: `;
      const harm = 'a lock may be granted again while it is held, when masters lose their memory';
      this.#warnOnce(context, 'restartGuardMs', message + harm);
    }
    if (ttlMs < 2 * nodeTimeoutMs) {
      const message = `A ttl of ${ttlMs} ms is shorter than twice options.node_timeout, ${nodeTimeoutMs} ms: `;
      const harm = 'waiting for one master that hangs may cost the whole validity of a lock; ';
      const remedy = 'use a longer ttl or a shorter options.node_timeout';
      this.#warnOnce(context, 'nodeTimeoutMs', message + harm + remedy + (ttlMs < SECOND_MS ? `; ${UNIT}` : ''));
    } else if (ttlMs < SECOND_MS) {
      this.#warnOnce(context, 'ttlMs', `A ttl of ${ttlMs} ms is short; ${UNIT}`);
    }
  }

  /** Whoever uses such a ttl does so all the time. */
  #warnOnce(context: ContextLike, option: keyof LockOptions, message: string): void {
    if (this.#warnedOf.has(option)) return;
    this.#warnedOf.add(option);
    this.observer.emit({ kind: 'warning', context, message });
  }
}

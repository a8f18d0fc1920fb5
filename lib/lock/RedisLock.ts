import type { CancelSignal } from '../contract/CancelSignal';
import type { IConfigurable, IOpenable, IReferenceable } from '../contract/component';
import type { ContextLike } from '../contract/Context';
import type { IReferences } from '../contract/References';
import type { FencedLease, Lease } from '../lease/Lease';
import type { HandedOver } from '../lease/HandedOver';
import { saidIn } from '../quorum/noQuorum';
import {
  checkAdoptOptions,
  checkCloseOptions,
  checkHandedOver,
  checkKey,
  checkNames,
  checkOrder,
  checkTryOptions,
  checkLeaseOptions,
  checkWork,
} from './arguments';
import { lockTimeout } from './errors';
import { Lifecycle } from './Lifecycle';
import { Lock } from './Lock';
import type { AdoptOptions, CloseOptions, Fenced, LeaseOptions, LockKeys, TryLeaseOptions } from './LeaseOptions';
import { NOT_OPEN, type LockStatus } from './LockStatus';
import { openSession } from './openSession';
import { checkWish, keepingOf, wishOf } from './wishOf';
import { workUnder } from './workUnder';

/**
 * A distributed lock over N independent Redis masters: it is held by whoever a quorum of them has granted it to, and
 * outlives the loss of any minority. One master is a quorum of one.
 *
 * What it takes as its configuration stands in {@link RedisLockConfig}.
 * ### References ###
 *
 * - `*:discovery:*:*:*`, `*:credential-store:*:*:*` (optional) resolve discovery and store keys
 * - `*:logger:*:*:1.0`, `*:counters:*:*:1.0`, `*:tracer:*:*:1.0` (optional) are told what happens
 */
export class RedisLock extends Lock implements IConfigurable, IReferenceable, IOpenable {
  #references: IReferences | null = null;
  readonly #lifecycle = new Lifecycle();

  /** Takes the components to be used at the next `open`. */
  setReferences(references: IReferences): void {
    this.#references = references;
  }

  /** Whether the lock can be used. */
  isOpen(): boolean {
    return this.#lifecycle.session !== null;
  }

  /**
   * Connects to the masters, and resolves when a quorum of them is ready. A minority that is down joins later by
   * itself. Opening an open lock does nothing; opening one that closes waits for that first.
   * @throws ConfigException NO_CONNECTION, BAD_CONNECTION (also where discovery, a credential store or a function has not
   *   answered for 10 s, and for `connect_timeout`), DUPLICATE_MASTER, or BAD_OPTION for the quorum
   * @throws ConnectionException NO_QUORUM, naming each master and its error, when no quorum is ready within
   *   `options.connect_timeout`; the lock stays closed and may be opened again
   * @throws InvalidStateException CLOSED when it is closed meanwhile
   */
  async open(context: ContextLike): Promise<void> {
    await this.#lifecycle.open((signal) => openSession(context, this.config, this.#references, signal));
  }

  /**
   * Ends every wait with CLOSED, gives back what is held and closes the connections. Bounded also when masters hang.
   * Closing twice is fine, and so is closing what was never opened.
   *
   * The signal of a lease that is given back fires first, with CLOSED, and `withLock` ends with that error: its work goes
   * on without the lock. Where `options.release_on_close` is off, nothing is given back: a lease stays valid for what is
   * left of its ttl, is renewed and extended no more, and its signal fires at the end of it, with LOCK_LOST.
   *
   * @param options `drain`: first waits until all that is held, as a lease, by `withLock` or by key, was given back by its
   *   holder or has ended, for so many ms at most. Meanwhile leases are renewed and may be extended and released,
   *   `releaseLock` works, and `open` has to come again before anything new is acquired (NOT_OPENED)
   * @throws BadRequestException BAD_TIMEOUT, ConfigException BAD_OPTION, for the options only; it stays open then
   */
  async close(context: ContextLike, options: CloseOptions | null = null): Promise<void> {
    checkCloseOptions(context, options ?? {});
    await this.#lifecycle.close(context, options?.drain ?? 0);
  }

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
    checkKey(context, key, 'tryAcquireLock', ttl);
    const lease = await this.tryAcquireLease(context, key, ttl);
    if (lease !== null) this.#lifecycle.holding?.held.nameByKey(key, lease);
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
    signal?: CancelSignal | null,
  ): Promise<void> {
    checkKey(context, key, 'acquireLock', ttl);
    const lease = await this.acquireLease(context, key, ttl, { timeout, signal });
    this.#lifecycle.holding?.held.nameByKey(key, lease);
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
    signal?: CancelSignal | null,
  ): Promise<void> {
    return this.acquireLock(context, key, ttl ?? this.#lifecycle.sessionFor(context).options.ttlMs, timeout, signal);
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
    checkKey(context, key, 'releaseLock');
    await this.#lifecycle.sessionToRelease(context).releaseByKey(context, key);
  }

  /**
   * {@link tryAcquireLock}, for one key or for several together, as an object.
   *
   * @param keys each a string of 1 byte to 64 KiB; all are held or none
   * @param ttl for how long the lock is held at most, in ms, from 10 to 2147483647
   * @returns null when a key is held by another
   */
  tryAcquireLease(
    context: ContextLike,
    keys: LockKeys,
    ttl: number,
    options: Fenced<TryLeaseOptions>,
  ): Promise<FencedLease | null>;
  tryAcquireLease(
    context: ContextLike,
    keys: LockKeys,
    ttl: number,
    options?: TryLeaseOptions | null,
  ): Promise<Lease | null>;
  async tryAcquireLease(
    context: ContextLike,
    keys: LockKeys,
    ttl: number,
    options: TryLeaseOptions | null = null,
  ): Promise<Lease | null> {
    checkOrder(context, keys, 'tryAcquireLease', ttl);
    checkTryOptions(context, options ?? {});
    const wish = wishOf(context, keys, ttl, { ...options, timeout: 0 });
    const session = this.#lifecycle.sessionFor(context);
    checkWish(wish, session.options);
    const startedMs = performance.now();
    if (session.isBusy(wish.keys)) return null;
    const attempted = await session.acquire(wish);
    switch (attempted.kind) {
      case 'held':
        return attempted.lease;
      case 'taken':
        return null;
      case 'no-quorum':
        throw session.undecided(context, 'acquire', wish.keys, attempted.answers.map(saidIn), startedMs);
    }
  }

  /**
   * {@link acquireLock}, for one key or for several together, as an object.
   *
   * @param keys each a string of 1 byte to 64 KiB; all are held or none, in whatever order they are named
   * @param ttl for how long the lock is held at most, in ms, from 10 to 2147483647
   */
  acquireLease(context: ContextLike, keys: LockKeys, ttl: number, options: Fenced<LeaseOptions>): Promise<FencedLease>;
  acquireLease(context: ContextLike, keys: LockKeys, ttl: number, options?: LeaseOptions | null): Promise<Lease>;
  async acquireLease(
    context: ContextLike,
    keys: LockKeys,
    ttl: number,
    options: LeaseOptions | null = null,
  ): Promise<Lease> {
    checkOrder(context, keys, 'acquireLease', ttl);
    checkLeaseOptions(context, options ?? {});
    const wish = wishOf(context, keys, ttl, options ?? {});
    wish.signal?.throwIfAborted();
    const session = this.#lifecycle.sessionFor(context);
    checkWish(wish, session.options);
    const startedMs = performance.now();
    const attempted = await session.acquire(wish);
    switch (attempted.kind) {
      case 'held':
        return attempted.lease;
      case 'taken':
        throw lockTimeout(wish, attempted, startedMs, session.options.retries);
      case 'no-quorum':
        throw session.undecided(context, 'acquire', wish.keys, attempted.answers.map(saidIn), startedMs);
    }
  }

  /**
   * Works under a lock, and gives it back. The work's result or its error always reaches the caller; what goes wrong
   * with the release never takes its place.
   *
   * The lock is renewed for as long as the work takes, at a third of its ttl: the ttl says when others can have it after
   * a crash, and not how long the work may take. `autoRenew: false` leaves it to the ttl. Work that never ends holds the
   * lock for as long as the process lives, unless `maxHold` bounds it.
   *
   * @param work its lease has the `signal` that fires when the lock is lost
   * @throws ConflictException LOCK_LOST, with the work's `result`, when it was lost meanwhile and the work did not throw
   * @throws InvalidStateException CLOSED, with the work's `result`, when `close` gave it back meanwhile and the work did
   *   not throw
   * @throws ConfigException BAD_OPTION where the work is no function
   * @throws what {@link acquireLease} throws
   */
  withLock<T>(
    context: ContextLike,
    keys: LockKeys,
    ttl: number,
    options: Fenced<LeaseOptions>,
    work: (lease: FencedLease) => Promise<T>,
  ): Promise<T>;
  withLock<T>(
    context: ContextLike,
    keys: LockKeys,
    ttl: number,
    options: LeaseOptions | null,
    work: (lease: Lease) => Promise<T>,
  ): Promise<T>;
  withLock<T>(context: ContextLike, keys: LockKeys, ttl: number, work: (lease: Lease) => Promise<T>): Promise<T>;
  async withLock<T>(
    context: ContextLike,
    keys: LockKeys,
    ttl: number,
    ...rest: [LeaseOptions | null, (lease: FencedLease) => Promise<T>] | [(lease: FencedLease) => Promise<T>]
  ): Promise<T> {
    checkOrder(context, keys, 'withLock', ttl);
    const [options, work] = rest.length === 1 ? [null, rest[0]] : rest;
    checkWork(context, work);
    checkLeaseOptions(context, options ?? {});
    const renewed = { ...options, autoRenew: options?.autoRenew ?? true };
    // Only work whose options ask for a token is told that it has one.
    const lease = (await this.acquireLease(context, keys, ttl, renewed)) as FencedLease;
    return workUnder(context, lease, work);
  }

  /**
   * Takes over a lock that was handed over, in this process or another, and keeps it for its ttl from now.
   *
   * @param handedOver what `handOver` of its lease has returned
   * @param options `autoRenew`, and `maxHold` from now; it keeps the fencing token that it has
   * @throws ConflictException LOCK_LOST when it ran out before, or another has adopted it
   * @throws ConnectionException NO_QUORUM when too few masters could say; this lock may try it again
   * @throws BadRequestException BAD_KEY, BAD_TTL
   */
  async adoptLease(context: ContextLike, handedOver: HandedOver, options: AdoptOptions | null = null): Promise<Lease> {
    checkAdoptOptions(context, options ?? {});
    checkHandedOver(context, handedOver);
    const session = this.#lifecycle.sessionFor(context);
    checkNames(context, handedOver.keys, session.options);
    return session.adopt(context, handedOver, keepingOf(options ?? {}));
  }

  /** How the lock and each of its masters fare now. */
  getStatus(): LockStatus {
    return this.#lifecycle.session?.status() ?? NOT_OPEN;
  }
}

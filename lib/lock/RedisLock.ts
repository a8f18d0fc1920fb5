import type { IConfigurable, IOpenable, IReferenceable } from '../contract/component';
import { checkConstruction, type Configuration } from '../config/given';
import type { ContextLike } from '../contract/Context';
import type { IReferences } from '../contract/References';
import type { Lease } from '../lease/Lease';
import type { HandedOver } from '../lease/HandedOver';
import { saidIn } from '../quorum/noQuorum';
import {
  checkAdoptOptions,
  checkHandedOver,
  checkNames,
  checkTryOptions,
  checkLeaseOptions,
  checkWork,
} from './arguments';
import { lockTimeout } from './errors';
import { KeyedLock } from './KeyedLock';
import { Lifecycle } from './Lifecycle';
import type { AdoptOptions, LeaseOptions, TryLeaseOptions } from './LeaseOptions';
import type { Session } from './Session';
import { NOT_OPEN, type LockStatus } from './LockStatus';
import { openSession } from './openSession';
import { checkWish, keepingOf, wishOf } from './wishOf';
import { workUnder } from './workUnder';

/**
 * A distributed lock over N independent Redis masters: it is held by whoever a quorum of them has granted it to, and
 * outlives the loss of any minority. One master is a quorum of one.
 *
 * ### Configuration parameters ###
 *
 * - connection(s): one section for each master
 *   - discovery_key: a key that discovery resolves to one master or to many
 *   - host, port (default: 6379), db (default: 0)
 *   - uri: `redis://`, `rediss://` or `unix://`, with user, password and database in it
 *   - tls: true, or a section of ca, cert, key and servername
 * - credential(s): one for every master, or one for each, by the name of its section
 *   - store_key: a key in a credential store
 *   - username, password
 * - options:
 *   - retries (default: 3; -1 is without end), retry_timeout in ms (default: 100); the others stand in the README
 *
 * ### References ###
 *
 * - `*:discovery:*:*:*`, `*:credential-store:*:*:*` (optional) resolve discovery and store keys
 * - `*:logger:*:*:1.0`, `*:counters:*:*:1.0`, `*:tracer:*:*:1.0` (optional) are told what happens
 *
 * ### Example ###
 *
 * ```ts
 * const lock = new RedisLock();
 * lock.configure(ConfigParams.fromTuples('host', 'localhost', 'port', 6379));
 * await lock.open('123');
 *
 * await lock.acquire('123', 'key1');
 * try {
 *   // Processing...
 * } finally {
 *   await lock.releaseLock('123', 'key1');
 * }
 * ```
 */
export class RedisLock extends KeyedLock implements IConfigurable, IReferenceable, IOpenable {
  #references: IReferences | null = null;
  readonly #lifecycle = new Lifecycle();

  /**
   * @param config what {@link configure} takes; nothing where the lock is configured later
   * @throws ConfigException BAD_OPTION or BAD_CONNECTION, naming the key, the value and the bound
   */
  constructor(config: Configuration | null = null, ...more: readonly never[]) {
    super();
    checkConstruction(more);
    if (config !== null) this.configure(config);
  }

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
   *
   * @throws ConfigException NO_CONNECTION, BAD_CONNECTION, DUPLICATE_MASTER, or BAD_OPTION for the quorum
   * @throws ConnectionException NO_QUORUM, naming each master and its error, when no quorum is ready within
   *   `options.connect_timeout`; the lock stays closed and may be opened again
   * @throws InvalidStateException CLOSED when it is closed meanwhile
   */
  async open(context: ContextLike): Promise<void> {
    await this.#lifecycle.open((signal) => openSession(context, this.config, this.#references, signal));
  }

  /**
   * Ends every wait with CLOSED, gives back what is held (unless `options.release_on_close` is off) and closes the
   * connections. Bounded also when masters hang. Closing twice is fine, and so is closing what was never opened.
   */
  async close(context: ContextLike): Promise<void> {
    await this.#lifecycle.close(context);
  }

  /**
   * {@link tryAcquireLock}, for one key or for several together, as an object.
   *
   * @param keys each a string of 1 byte to 64 KiB; all are held or none
   * @param ttl for how long the lock is held at most, in ms, from 10 to 2147483647
   * @returns null when a key is held by another
   */
  async tryAcquireLease(
    context: ContextLike,
    keys: string | readonly string[],
    ttl: number,
    options: TryLeaseOptions | null = null,
  ): Promise<Lease | null> {
    checkTryOptions(context, options ?? {});
    const wish = wishOf(context, keys, ttl, { ...options, timeout: 0 });
    const session = this.sessionFor(context);
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
  async acquireLease(
    context: ContextLike,
    keys: string | readonly string[],
    ttl: number,
    options: LeaseOptions | null = null,
  ): Promise<Lease> {
    checkLeaseOptions(context, options ?? {});
    const wish = wishOf(context, keys, ttl, options ?? {});
    wish.signal?.throwIfAborted();
    const session = this.sessionFor(context);
    checkWish(wish, session.options);
    const startedMs = performance.now();
    const attempted = await session.acquire(wish);
    switch (attempted.kind) {
      case 'held':
        return attempted.lease;
      case 'taken':
        throw lockTimeout(context, wish.keys, attempted.answers);
      case 'no-quorum':
        throw session.undecided(context, 'acquire', wish.keys, attempted.answers.map(saidIn), startedMs);
    }
  }

  /**
   * Works under a lock, and gives it back. The work's result or its error always reaches the caller; what goes wrong
   * with the release never takes its place.
   *
   * @param work its lease has the `signal` that fires when the lock is lost
   * @throws ConflictException LOCK_LOST, with the work's `result`, when it was lost meanwhile and the work did not throw
   * @throws ConfigException BAD_OPTION where the work is no function
   * @throws what {@link acquireLease} throws
   */
  async withLock<T>(
    context: ContextLike,
    keys: string | readonly string[],
    ttl: number,
    options: LeaseOptions | null,
    work: (lease: Lease) => Promise<T>,
  ): Promise<T>;
  async withLock<T>(
    context: ContextLike,
    keys: string | readonly string[],
    ttl: number,
    work: (lease: Lease) => Promise<T>,
  ): Promise<T>;
  async withLock<T>(
    context: ContextLike,
    keys: string | readonly string[],
    ttl: number,
    ...rest: [LeaseOptions | null, (lease: Lease) => Promise<T>] | [(lease: Lease) => Promise<T>]
  ): Promise<T> {
    const [options, work] = rest.length === 1 ? [null, rest[0]] : rest;
    checkWork(context, work);
    return workUnder(context, await this.acquireLease(context, keys, ttl, options), work);
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
    const session = this.sessionFor(context);
    checkNames(context, handedOver.keys, session.options);
    return session.adopt(context, handedOver, keepingOf(options ?? {}));
  }

  /** How the lock and each of its masters fare now. */
  getStatus(): LockStatus {
    return this.#lifecycle.session?.status() ?? NOT_OPEN;
  }

  protected override get session(): Session | null {
    return this.#lifecycle.session;
  }

  protected override sessionFor(context: ContextLike): Session {
    return this.#lifecycle.sessionFor(context);
  }
}

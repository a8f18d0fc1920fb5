import type { IConfigurable, IOpenable, IReferenceable } from '../contract/component';
import type { ContextLike } from '../contract/Context';
import type { IReferences } from '../contract/References';
import { checkKey, checkTimeout, checkTtl } from './arguments';
import { lockTimeout } from './errors';
import { Lifecycle } from './Lifecycle';
import { Lock } from './Lock';
import { NOT_OPEN, type LockStatus } from './LockStatus';
import { openSession } from './openSession';

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
 *   - retries: how often `acquireLock` tries again; -1 is without end (default: 3)
 *   - retry_timeout: ms between two attempts (default: 100)
 *   - the others stand in the README
 *
 * ### References ###
 *
 * - `*:discovery:*:*:1.0` (optional) resolves discovery keys
 * - `*:credential-store:*:*:1.0` (optional) resolves store keys
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
export class RedisLock extends Lock implements IConfigurable, IReferenceable, IOpenable {
  #references: IReferences | null = null;
  readonly #lifecycle = new Lifecycle();

  /** Takes the components that discovery, credentials and observation come from, at the next `open`. */
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
   * Makes one attempt, and never waits: the answer is false at once when this instance holds the key already or has
   * callers waiting for it.
   *
   * @param key a string of 1 byte to 64 KiB
   * @param ttl for how long the lock is held at most, in ms, from 10 to 2147483647
   * @returns false when the lock is held by another
   * @throws ConnectionException NO_QUORUM when too few masters could say
   * @throws BadRequestException BAD_KEY, BAD_TTL
   * @throws InvalidStateException NOT_OPENED, or CLOSED when it was granted and the lock is closed meanwhile
   */
  async tryAcquireLock(context: ContextLike, key: string, ttl: number): Promise<boolean> {
    checkKey(context, key);
    checkTtl(context, ttl);
    const session = this.#lifecycle.sessionFor(context);
    if (session.isBusy(key)) return false;
    const startedMs = performance.now();
    const wish = { context, key, ttlMs: ttl, timeoutMs: 0, signal: null };
    const attempted = await session.acquire(wish);
    if (attempted.kind !== 'no-quorum') return attempted.kind === 'held';
    throw session.undecided(context, 'acquire', key, attempted.answers, startedMs);
  }

  /**
   * Makes attempts until the lock is held. There is always a first one, and one at the deadline.
   *
   * @param key a string of 1 byte to 64 KiB
   * @param ttl for how long the lock is held at most, in ms, from 10 to 2147483647
   * @param timeout for how long to try, in ms, from 0 to 2147483647; without it, `options.retries` decides alone. With
   *   it, a number of retries that is configured explicitly caps them too
   * @throws ConflictException LOCK_TIMEOUT when another held the lock to the end
   * @throws ConnectionException NO_QUORUM when too few masters could say at the end
   * @throws BadRequestException BAD_KEY, BAD_TTL, BAD_TIMEOUT
   * @param signal cancels the wait; an attempt under way is seen to its end, and what it was granted is given back
   * @throws InvalidStateException NOT_OPENED, or CLOSED when it is closed meanwhile
   * @throws the signal's reason when it fires first
   */
  async acquireLock(
    context: ContextLike,
    key: string,
    ttl: number,
    timeout?: number,
    signal?: AbortSignal,
  ): Promise<void> {
    checkKey(context, key);
    checkTtl(context, ttl);
    if (timeout !== undefined) checkTimeout(context, timeout);
    signal?.throwIfAborted();
    const session = this.#lifecycle.sessionFor(context);
    const startedMs = performance.now();
    const wish = { context, key, ttlMs: ttl, timeoutMs: timeout ?? null, signal: signal ?? null };
    const attempted = await session.acquire(wish);
    if (attempted.kind === 'taken') throw lockTimeout(context, key, attempted.answers);
    if (attempted.kind === 'no-quorum') {
      throw session.undecided(context, 'acquire', key, attempted.answers, startedMs);
    }
  }

  /**
   * {@link acquireLock}, for callers who have no ttl in mind.
   *
   * @param ttl in ms; `options.ttl` where it is left out
   */
  async acquire(
    context: ContextLike,
    key: string,
    ttl?: number,
    timeout?: number,
    signal?: AbortSignal,
  ): Promise<void> {
    return this.acquireLock(context, key, ttl ?? this.#lifecycle.sessionFor(context).options.ttlMs, timeout, signal);
  }

  /**
   * Gives back what this instance holds under the key; nothing happens when that is nothing. Nobody else's lock is
   * touched, also when this one ran out and another holds the key now.
   *
   * @throws ConnectionException NO_QUORUM when too few masters confirmed it; the lock ends with its ttl then
   * @throws BadRequestException BAD_KEY
   * @throws InvalidStateException NOT_OPENED
   */
  async releaseLock(context: ContextLike, key: string): Promise<void> {
    checkKey(context, key);
    const session = this.#lifecycle.sessionFor(context);
    const startedMs = performance.now();
    const outcome = await session.release(context, key);
    if (outcome?.kind !== 'unreachable') return;
    throw session.undecided(context, 'release', key, outcome.answers, startedMs);
  }

  /** How the lock and each of its masters fare now. */
  getStatus(): LockStatus {
    return this.#lifecycle.session?.status() ?? NOT_OPEN;
  }
}

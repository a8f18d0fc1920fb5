import { randomBytes } from 'node:crypto';
import type { LockOptions } from '../config/LockOptions';
import type { Master } from '../master/Master';
import type { Quorum } from '../quorum/Quorum';
import type { Place } from '../quorum/acquireCall';
import { channelOf } from '../quorum/waitScripts';

/** A master whose message comes alone is believed after so many ms: the others' lines may have another one in front. */
const GRACE_MS = 3;

/** For how much longer than until the next attempt a place in line is kept. */
const KEEP_MS = 1000;

/**
 * How a waiter hears that a lock was given back. Every master keeps a line of those that it has refused, and a release
 * tells the first one that still listens: so however many wait, one is woken, and they do not meet in the next round.
 *
 * Nothing depends on it. A message that is lost, or that goes to a process which has stopped, costs the others one
 * `retry_timeout`.
 */
export class Bell {
  #id = '';
  readonly #rang = new Set<Master>();
  #firstMs = Infinity;

  /**
   * @param startedMs when the wait began, on the monotonic clock
   * @param onRing is told of every message
   */
  constructor(
    private readonly quorum: Quorum,
    private readonly options: LockOptions,
    private readonly startedMs: number,
    private readonly onRing: () => void,
  ) {}

  /** Listens on every master that can tell. Returns whether there is any. */
  listen(): boolean {
    if (!this.options.notify) return false;
    this.#id = randomBytes(9).toString('base64url');
    for (const master of this.quorum.masters) {
      master.channels.listen(channelOf(this.#id), () => this.#ring(master));
    }
    return this.#isListening;
  }

  /** The place in line to ask for with the next attempt. What rang before says nothing of what comes after. */
  place(): Place | null {
    this.#rang.clear();
    this.#firstMs = Infinity;
    if (!this.#isListening) return null;
    const { retryTimeoutMs, retryJitterMs } = this.options;
    const waitedMs = Number((performance.now() - this.startedMs).toFixed(3));
    return { id: this.#id, waitedMs, keepMs: Math.ceil(2 * (retryTimeoutMs + retryJitterMs)) + KEEP_MS };
  }

  /** When to try again, on the monotonic clock; Infinity while nothing rang. */
  get rangMs(): number {
    return this.#rang.size >= this.quorum.size ? this.#firstMs : this.#firstMs + GRACE_MS;
  }

  /** Stops listening, and so gives up the place in every line: a line passes over those who do not listen. */
  close(): void {
    if (this.#id === '') return;
    for (const master of this.quorum.masters) master.channels.ignore(channelOf(this.#id));
  }

  /** A master that was away listens as soon as it is back. */
  get #isListening(): boolean {
    return this.#id !== '' && this.quorum.masters.some(({ channels }) => channels.isLive);
  }

  #ring(master: Master): void {
    if (this.#rang.size === 0) this.#firstMs = performance.now();
    this.#rang.add(master);
    this.onRing();
  }
}

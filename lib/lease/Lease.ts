/// <reference lib="esnext.disposable" preserve="true" />
import type { CancelSignal } from '../contract/CancelSignal';
import type { Extended, Hold, Released, Term } from '../quorum/Hold';
import type { Answer } from '../quorum/Votes';
import type { Countdown, Countdowns } from '../wait/Countdown';
import type { HandedOver } from './HandedOver';
import { keptOutcome, VotedOutcome, type ReleaseOptions, type ReleaseOutcome } from './ReleaseOutcome';

/** @internal Who sees to it that a lease is kept and given back. */
export interface LeaseOwner {
  readonly countdowns: Countdowns;
  extend(hold: Hold, ttlMs: number): Promise<Extended>;
  /** Whether the masters say that no quorum of them holds the lock any more. */
  isLost(hold: Hold): Promise<boolean>;
  /** Sends the release, and hands the turn on to the next in line. */
  release(lease: Lease, hold: Hold, isExpired: boolean): Promise<Released>;
  /** Leaves the lock on the masters for `ttlMs` more, held by nobody, and hands the turn on. @throws BAD_TTL, CLOSED */
  keep(lease: Lease, hold: Hold, ttlMs: number): Promise<Extended>;
  /** For how long a lock of so long a ttl is certain to be held, in ms. @throws BAD_TTL, CLOSED */
  validForMs(ttlMs: number): number;
  /** The lock has gone without having been released. */
  onLost(lease: Lease, hold: Hold): void;
  onHandedOver(lease: Lease, hold: Hold): void;
  /** It is certain to be held for longer or shorter than before. */
  onValidity(): void;
  lost(lease: Lease, reason: string): Error;
  /** Its `RedisLock` was closed while it was held. */
  closed(lease: Lease): Error;
  notHeld(lease: Lease): Error;
  undecided(lease: Lease, answers: readonly Answer[]): Error;
}

/** A shorter ttl is none. */
const SHORTEST_EXTENSION_MS = 10;

type State =
  | { readonly kind: 'held'; readonly hold: Hold; readonly term: Term; readonly validForMs: number }
  /** `error` says why, where it was not its holder who gave it back. */
  | { readonly kind: 'released'; readonly outcome: Promise<ReleaseOutcome>; readonly error: Error | null }
  | { readonly kind: 'lost'; readonly error: Error };

/**
 * A lock that is held: for how long for certain, and how to keep it, to give it back, and to hear that it has gone.
 *
 * ### Example ###
 *
 * ```ts
 * const lease = await lock.acquireLease('123', 'key1', 10_000, { timeout: 2_000, autoRenew: true });
 * try {
 *   await work(lease.signal);
 * } finally {
 *   await lease.release();
 * }
 * ```
 */
export class Lease {
  /** Higher than that of every holder before; null where it was not asked for. */
  readonly fencingToken: number | null;
  // The hold has the token.
  #state: State;
  #controller: AbortController | null = null;
  #countdown: Countdown | null = null;
  #lastExtension: Promise<unknown> | null = null;
  readonly #owner: LeaseOwner;
  readonly #mayHoldMs: () => number;

  /** @internal A lock makes them. */
  constructor(
    /** The keys that are held, as the caller named them. */
    readonly keys: readonly string[],
    hold: Hold,
    term: Term,
    owner: LeaseOwner,
    /** In ms. */
    maxHoldMs = Infinity,
  ) {
    const { stopwatch } = term;
    this.#mayHoldMs = () => Math.max(0, Math.floor(maxHoldMs - stopwatch.elapsedMs()));
    this.fencingToken = hold.fencingToken;
    this.#state = { kind: 'held', hold, term, validForMs: term.validForMs };
    this.#owner = owner;
  }

  /** For how much longer the lock is certain to be held, in ms; 0 when it is not. */
  remaining(): number {
    const state = this.#state;
    return state.kind === 'held' ? Math.max(0, state.validForMs - state.term.stopwatch.elapsedMs()) : 0;
  }

  /** Whether the lock is certain to be held now. */
  isValid(): boolean {
    return this.remaining() > 0;
  }

  /**
   * Fires when the lock is lost, with LOCK_LOST as its reason: when the masters say so, and at the latest when its
   * validity ends. Fires with CLOSED when `close` gives the lock back while it is held. Never when its holder releases
   * it or hands it over.
   */
  get signal(): CancelSignal {
    // After the event loop was blocked, the timer has not fired yet.
    if (this.#state.kind === 'held' && !this.isValid()) this.#lose('its ttl has passed');
    if (this.#controller === null) {
      this.#controller = new AbortController();
      // Only now does somebody want to know.
      if (this.#state.kind === 'held') this.watch();
      else if (this.#state.error !== null) this.#controller.abort(this.#state.error);
    }
    return this.#controller.signal;
  }

  /**
   * Keeps the lock for `ttl` from now, be that longer or shorter than it was held, and to the end of its `maxHold` at
   * most: `remaining` says how long that is. One extension runs at a time. With `autoRenew`, one by less than a third of
   * the renewed ttl may end before the next renewal.
   *
   * @param ttl in ms, from 10 to 2147483647
   * @throws ConflictException LOCK_LOST when it has gone; it is never brought back
   * @throws ConnectionException NO_QUORUM when too few masters could vote: the lock is held for as long as it was, or for
   *   the new ttl where that is shorter, and may be extended again
   * @throws InvalidStateException NOT_HELD when it was released or handed over
   * @throws InvalidStateException CLOSED when its lock was closed
   * @throws BadRequestException BAD_TTL
   */
  async extend(ttl: number): Promise<void> {
    await this.#inTurn(() => this.#extend(ttl));
  }

  /** @internal For how much longer it may be held at most, in whole ms; Infinity without end. */
  mayHoldMs(): number {
    return this.#mayHoldMs();
  }

  /** @internal {@link extend} by as much as is said when its turn has come, 0 for not at all. */
  renew(ttlOf: () => number): Promise<void> {
    return this.#inTurn(async () => {
      const ttlMs = ttlOf();
      if (ttlMs > 0) await this.#extend(ttlMs);
    });
  }

  /**
   * Ends the lock. Does not throw because it has already gone: an expired one settles at once, while its last traces
   * (the masters keep it for as long as clocks may drift) are removed behind. Called again, it says what came of it.
   *
   * @param options `keepFor`: leaves the lock on the masters for so many ms from now, in place of deleting it: nobody
   *   can have it until then, so that a job of several hosts runs once in that time. The outcome is `kept`; nothing
   *   undoes it, `close` neither
   * @throws BadRequestException BAD_TTL, InvalidStateException CLOSED, both for `keepFor` only
   */
  release(options?: ReleaseOptions | null): Promise<ReleaseOutcome> {
    const keepForMs = options?.keepFor ?? null;
    const state = this.#state;
    if (state.kind === 'released') return state.outcome;
    if (state.kind === 'lost') return Promise.resolve({ kind: 'expired', masters: [] });
    const isValid = this.isValid();
    if (isValid && keepForMs !== null) return this.#keep(state.hold, keepForMs);
    const released = this.#owner.release(this, state.hold, !isValid);
    const outcome = isValid
      ? released.then((votes) => new VotedOutcome(votes))
      : Promise.resolve<ReleaseOutcome>({ kind: 'expired', masters: [] });
    this.#end({ kind: 'released', outcome, error: null });
    return outcome;
  }

  /**
   * @internal Gives the lock back because its `RedisLock` is closed. Whoever works under it is told first: the release
   * goes out when all signals of this turn have fired.
   */
  async close(): Promise<void> {
    if (this.#state.kind !== 'held' || !this.isValid()) return;
    const { hold } = this.#state;
    const error = this.#owner.closed(this);
    const outcome = Promise.resolve()
      .then(() => this.#owner.release(this, hold, false))
      .then((votes) => new VotedOutcome(votes));
    this.#end({ kind: 'released', outcome, error });
    this.#controller?.abort(error);
    await outcome;
  }

  async #keep(hold: Hold, ttlMs: number): Promise<ReleaseOutcome> {
    this.#owner.validForMs(ttlMs);
    const outcome = this.#owner.keep(this, hold, ttlMs).then(keptOutcome);
    this.#end({ kind: 'released', outcome, error: null });
    return outcome;
  }

  /** Releases at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  /**
   * Ends the lease here, and leaves the lock on the masters to whoever adopts it, for as long as its ttl lasts.
   *
   * @returns what `adoptLease` needs; a secret
   * @throws ConflictException LOCK_LOST when it has gone
   * @throws InvalidStateException NOT_HELD when it was released or handed over
   */
  handOver(): HandedOver {
    const { hold, term } = this.#held();
    const outcome = Promise.resolve<ReleaseOutcome>({ kind: 'handed-over', masters: [] });
    this.#end({ kind: 'released', outcome, error: null });
    this.#owner.onHandedOver(this, hold);
    const { token, formerTokens, longestTtlMs: longestTtl } = hold;
    const { keys, fencingToken } = this;
    return { keys, token, formerTokens, ttl: term.ttlMs, longestTtl, fencingToken };
  }

  /** What may be logged of it. */
  toJSON(): object {
    const { keys, fencingToken } = this;
    return { keys, fencingToken, isValid: this.isValid(), remaining: Math.round(this.remaining()) };
  }

  #held(): Extract<State, { kind: 'held' }> {
    if (this.#state.kind === 'held' && !this.isValid()) this.#lose('its ttl has passed');
    const state = this.#state;
    if (state.kind === 'held') return state;
    throw state.error ?? this.#owner.notHeld(this);
  }

  #inTurn<T>(extension: () => Promise<T>): Promise<T> {
    const extended = (this.#lastExtension ?? Promise.resolve()).then(extension);
    this.#lastExtension = extended.catch(() => {});
    return extended;
  }

  async #extend(askedMs: number): Promise<void> {
    this.#owner.validForMs(askedMs);
    const { hold, term, validForMs } = this.#held();
    const ttlMs = Math.min(askedMs, this.mayHoldMs());
    // So little is left of its longest hold that it ends as it is.
    if (ttlMs < Math.min(askedMs, SHORTEST_EXTENSION_MS)) return;
    const ttlValidForMs = this.#owner.validForMs(ttlMs);
    // From now on the masters may hold it for the shorter of the two; only a quorum makes it longer.
    const newlyMs = term.stopwatch.elapsedMs() + ttlValidForMs;
    this.#hold(hold, term, Math.min(validForMs, newlyMs));
    const extended = await this.#owner.extend(hold, ttlMs);
    // It may have been released meanwhile, or its validity may have ended: then a late quorum does not revive it.
    this.#held();
    switch (extended.kind) {
      case 'kept':
        return this.#hold(hold, extended.term, extended.term.validForMs);
      case 'lost':
        this.#lose('the masters do not hold it any more');
        return void this.#held();
      case 'undecided':
        // Some may hold it for longer than its validity, and are to give it back then.
        this.watch();
        throw this.#owner.undecided(this, extended.answers);
    }
  }

  /** @internal Notices the end of its validity, though nobody looks. */
  watch(): void {
    const onEnd = (): void => this.#lose('its ttl has passed');
    this.#countdown ??= this.#owner.countdowns.create(() => this.remaining(), onEnd);
    this.#countdown.start();
  }

  /** @internal Is lost where its validity has ended, or where the masters say that it was deleted before. */
  async verify(): Promise<void> {
    const state = this.#state;
    if (state.kind !== 'held') return;
    if (!this.isValid()) return this.#lose('its ttl has passed');
    const isLost = await this.#owner.isLost(state.hold);
    // Its release deletes it too, a hand-over gives it another token, and an extension knows more by now.
    if (isLost && this.#state === state) this.#lose('the masters do not hold it any more');
  }

  #hold(hold: Hold, term: Term, validForMs: number): void {
    this.#state = { kind: 'held', hold, term, validForMs };
    this.#countdown?.start();
    this.#owner.onValidity();
  }

  #lose(reason: string): void {
    if (this.#state.kind !== 'held') return;
    const { hold } = this.#state;
    const error = this.#owner.lost(this, reason);
    this.#end({ kind: 'lost', error });
    this.#owner.onLost(this, hold);
    this.#controller?.abort(error);
  }

  #end(state: State): void {
    this.#state = state;
    this.#countdown?.stop();
  }
}

/** A lease that has a fencing token, because it was acquired with `{ fencing: true }`. */
export interface FencedLease extends Lease {
  readonly fencingToken: number;
}

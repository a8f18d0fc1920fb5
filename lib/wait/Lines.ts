import type { Refused } from '../quorum/Hold';
import { Countdowns, type Countdown } from './Countdown';
import { Sleeper, type Wakening } from './Sleeper';

/** Something that is held. */
export interface Hold {
  /** For how much longer, in ms. */
  remaining(): number;
  /** Asks the masters whether it is, and ends it where it is not. */
  verify(): Promise<void>;
}

/** What stands in a line for nobody. */
const NOBODY: Hold = { remaining: () => Infinity, verify: () => Promise.resolve() };

/** Masters are asked no more often than this whether a holder still has its lock. */
const VERIFY_MS = 1000;

/**
 * The callers of this process who hold a key or wait for it, in their order of arrival: only the first of a line talks
 * to the masters, and whoever holds the key stands first until it is given back, lost or has run out.
 */
export class Lines {
  isClosed = false;
  /** Of every hold that somebody watches, also of the leases. */
  readonly countdowns = new Countdowns();
  /** How many stand in line and hold nothing. */
  waiting = 0;
  /** So often a hold that somebody waits for is verified, in ms. */
  readonly verifyMs: number;
  readonly #lines = new Map<string, Line>();
  #onNobodyWaits = (): void => {};

  /** @param retryTimeoutMs how often the masters are asked for a lock that another process holds */
  constructor(retryTimeoutMs = 0) {
    this.verifyMs = Math.max(VERIFY_MS, retryTimeoutMs);
  }

  /** Whether anybody holds the key or waits for it. */
  isBusy(key: string): boolean {
    const first = this.#lines.get(key)?.first ?? null;
    return first !== null && (first.next !== null || !first.isOver);
  }

  /** Takes the last place in the line for a key. It has to be given up with {@link Waiter.leave}. */
  join(key: string): Waiter {
    let line = this.#lines.get(key);
    if (line === undefined) this.#lines.set(key, (line = new Line(this, key)));
    const waiter = new Waiter(line);
    line.append(waiter);
    return waiter;
  }

  /**
   * Somebody of another process was woken by a release of the key, and goes first: whoever releases and acquires in a
   * loop would else always find the key free before a message has found the one who waits.
   *
   * @param releaser who has released it; the next one may have its turn already
   */
  giveWay(releaser: Waiter, forMs: number): void {
    if (this.isClosed) return;
    const { key } = releaser.line;
    const line = this.#lines.get(key);
    if (line === undefined) {
      const placeholder = this.join(key);
      placeholder.keep(NOBODY);
      return this.giveWay(placeholder, forMs);
    }
    line.isAwaitedElsewhere = true;
    if (line.first === releaser) releaser.giveWay(forMs);
  }

  /** Ends every sleep, and those to come. Resolves when nobody waits any more. */
  async close(): Promise<void> {
    this.isClosed = true;
    for (const line of this.#lines.values()) line.close();
    if (this.waiting > 0) await new Promise<void>((resolve) => (this.#onNobodyWaits = resolve));
  }

  onEmpty(key: string): void {
    this.#lines.delete(key);
  }

  /** One waits no longer. */
  onServed(): void {
    this.waiting -= 1;
    if (this.waiting === 0) this.#onNobodyWaits();
  }
}

/** The line for one key: a doubly linked list, so that whoever leaves costs the same wherever it stood. */
class Line {
  first: Waiter | null = null;
  #last: Waiter | null = null;
  /** What the last attempt for the key came to, for those who have made none themselves. */
  lastRefusal: Refused | null = null;
  /** Somebody of another process was waiting when the key was last given back. */
  isAwaitedElsewhere = false;
  /** When a hold of this process ended last, on the monotonic clock; 0 where none has. */
  servedMs = 0;
  #expiry: Countdown | null = null;
  #verifying: NodeJS.Timeout | null = null;

  constructor(
    readonly lines: Lines,
    readonly key: string,
  ) {}

  append(waiter: Waiter): void {
    waiter.previous = this.#last;
    if (this.#last === null) this.first = waiter;
    else this.#last.next = waiter;
    this.#last = waiter;
    this.lines.waiting += 1;
    this.watch();
  }

  remove(waiter: Waiter): void {
    const { previous, next } = waiter;
    if (previous === null) this.first = next;
    else previous.next = next;
    if (next === null) this.#last = previous;
    else next.previous = previous;
    if (previous !== null) {
      if (this.first?.next === null) this.#stopVerifying();
      return;
    }
    if (waiter.hold !== null) this.servedMs = performance.now();
    this.#stopWatching();
    if (next === null) return this.lines.onEmpty(this.key);
    next.wake('turn');
    // It may have gone ahead and hold the key already.
    this.watch();
  }

  /** While somebody waits behind a holder: sees that the line goes on when the hold runs out, or is lost. */
  watch(): void {
    const { first } = this;
    if (first === null || first.next === null || first.hold === null) return;
    const { hold } = first;
    if (this.#expiry === null) {
      if (hold.remaining() <= 0) return first.leave();
      this.#expiry = this.lines.countdowns.create(
        () => hold.remaining(),
        () => {
          // Its holder is told: where the wall clock was set forward, it would hold the lock again when that is set right.
          void hold.verify();
          first.leave();
        },
      );
      this.#expiry.start();
    }
    this.#verifyLater(first, hold);
  }

  /** The hold of the first is longer or shorter than it was. */
  rewatch(): void {
    this.#expiry?.start();
  }

  close(): void {
    this.#stopWatching();
    // Each leaves the line as soon as it is awake, which is not now.
    for (let waiter = this.first; waiter !== null; waiter = waiter.next) waiter.close();
  }

  /**
   * A lock may be deleted on the masters, and another process has it at once then: so shall those who wait here. Counted
   * from the last look, or from when it was acquired, so that many short waits see it as well as a long one.
   */
  #verifyLater(first: Waiter, hold: Hold): void {
    if (this.#verifying !== null || this.lines.isClosed) return;
    const dueMs = first.verifiedMs + this.lines.verifyMs;
    const verify = async (): Promise<void> => {
      first.verifiedMs = performance.now();
      await hold.verify();
      // Where it was stopped meanwhile, another one may have been started.
      if (this.#verifying !== timer) return;
      this.#verifying = null;
      this.watch();
    };
    const timer = setTimeout(() => void verify(), Math.max(0, dueMs - performance.now())).unref();
    this.#verifying = timer;
  }

  #stopVerifying(): void {
    if (this.#verifying !== null) clearTimeout(this.#verifying);
    this.#verifying = null;
  }

  #stopWatching(): void {
    this.#stopVerifying();
    this.#expiry?.stop();
    this.#expiry = null;
  }
}

/** One caller's place in a line. */
export class Waiter {
  previous: Waiter | null = null;
  next: Waiter | null = null;
  /** When what it holds was last known to stand on the masters, on the monotonic clock; kept for its line. */
  verifiedMs = 0;
  #hold: Hold | null = null;
  #hasLeft = false;
  #courtesy: NodeJS.Timeout | null = null;
  #sleeper: Sleeper | null = null;

  constructor(readonly line: Line) {}

  /** Whether it may talk to the masters. */
  get isFirst(): boolean {
    return this.previous === null && !this.#hasLeft;
  }

  /** What it holds, if anything. */
  get hold(): Hold | null {
    return this.#hold;
  }

  /** Whether it stands in nobody's way any more. */
  get isOver(): boolean {
    return this.#courtesy !== null || (this.#hold !== null && this.#hold.remaining() <= 0);
  }

  /** It has what it waited for, and stays in front until it leaves, or until that has run out. */
  keep(hold: Hold): void {
    this.#hold = hold;
    this.verifiedMs = performance.now();
    this.line.lines.onServed();
    this.line.watch();
  }

  /** Gives up its place, wherever it is; the next one has its turn at once when it was the first. */
  leave(): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    if (this.#courtesy !== null) clearTimeout(this.#courtesy);
    this.line.remove(this);
    if (this.#hold === null) this.line.lines.onServed();
  }

  /** Leaves after a time. */
  giveWay(forMs: number): void {
    this.#courtesy ??= setTimeout(() => this.leave(), forMs);
  }

  /** {@link Sleeper.sleep}; the end of the line ends it too. */
  sleep(untilMs: number, signal: AbortSignal | null): Promise<Wakening> {
    return this.line.lines.isClosed
      ? Promise.resolve('closed')
      : (this.#sleeper ??= new Sleeper()).sleep(untilMs, signal);
  }

  wake(cause: Wakening): void {
    this.#sleeper?.wake(cause);
  }

  /** The lock is closed. */
  close(): void {
    if (this.#courtesy !== null) clearTimeout(this.#courtesy);
    this.wake('closed');
  }
}

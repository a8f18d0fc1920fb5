import { Sleeper } from './Sleeper';

/** How many rounds are under way at once: enough to keep the masters busy, few enough to be answered in good time. */
const MOST = 256;

/**
 * A bound on the rounds that this process has under way. A burst of calls would otherwise be written to the masters in
 * one piece, and the time that this process takes to work it off would be taken for the masters' silence. Releases go
 * before acquires, since they free what others wait for.
 */
export class RoundWindow {
  #free: number;
  readonly #releases = new Queue();
  readonly #acquires = new Queue();
  readonly #onIdle: (() => void)[] = [];

  constructor(private readonly most = MOST) {
    this.#free = most;
  }

  /** Takes a place where there is one and nobody waits for it. It has to be given up with {@link leave}. */
  tryEnter(): boolean {
    if (this.#free === 0) return false;
    this.#free -= 1;
    return true;
  }

  /**
   * Waits for a place that there was not.
   *
   * @param untilMs on the monotonic clock
   * @returns whether it was had in time, and has to be given up
   */
  waitToAcquire(untilMs: number, signal: AbortSignal | null): Promise<boolean> {
    return this.#acquires.wait(untilMs, signal);
  }

  /** Waits for a place that there was not, however long it takes: every round before it ends in bounded time. */
  async waitToRelease(): Promise<void> {
    await this.#releases.wait(Infinity, null);
  }

  /** Gives up a place, to the next who waits. */
  leave(): void {
    if (this.#releases.next() || this.#acquires.next()) return;
    this.#free += 1;
    if (this.#free === this.most) for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  /** Ends the waiting of those who want to acquire. Resolves when nothing is under way and nobody waits. */
  async close(): Promise<void> {
    this.#acquires.close();
    if (this.#free < this.most) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }
}

/** Those who wait for a place, in their order of arrival. */
class Queue {
  #isClosed = false;
  readonly #sleepers = new Set<Sleeper>();

  /** @returns whether its turn came in time */
  async wait(untilMs: number, signal: AbortSignal | null): Promise<boolean> {
    if (this.#isClosed) return false;
    const sleeper = new Sleeper();
    this.#sleepers.add(sleeper);
    const fromMs = Math.max(untilMs, performance.now());
    let cause = await sleeper.sleep(untilMs, signal);
    if (cause === 'time' && !this.#isClosed) {
      // For as long as this process stood still no place could come free: that time is given back.
      this.#sleepers.add(sleeper);
      cause = await sleeper.sleep(2 * performance.now() - fromMs, signal);
    }
    if (cause !== 'turn') this.#sleepers.delete(sleeper);
    return cause === 'turn';
  }

  /** Hands a place to the first. Returns whether there is one. */
  next(): boolean {
    for (const sleeper of this.#sleepers) {
      this.#sleepers.delete(sleeper);
      if (sleeper.wake('turn')) return true;
    }
    return false;
  }

  close(): void {
    this.#isClosed = true;
    for (const sleeper of this.#sleepers) sleeper.wake('closed');
  }
}

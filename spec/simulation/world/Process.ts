import type { World } from './World';

/** The wall clocks of two processes differ by twice as much at most, when they are started. */
const FAR_MS = 300;

/** One process of the simulated machines: what it runs, runs by its own clocks, and only while it is not stopped. */
export class Process {
  isAlive = true;
  /** When its monotonic clock was at 0, by its wall clock when it was started. */
  readonly timeOriginMs: number;
  /** It runs nothing before; what becomes due meanwhile waits. */
  stoppedUntilMs = 0;
  /** For how long it has been stopped, all in all, to the end of the present stop. */
  stoppedMs = 0;
  /** By how much its monotonic clock is behind, since it stands still while the machine sleeps. */
  #sleptMs = 0;
  /** By how much its wall clock is ahead. */
  #aheadMs: number;
  #wasSetBack = false;
  readonly #onEnd: (() => void)[] = [];

  constructor(
    private readonly world: World,
    readonly name: string,
  ) {
    this.#aheadMs = world.chance.between(-FAR_MS, FAR_MS);
    this.timeOriginMs = this.wallMs - world.nowMs;
  }

  get monotonicMs(): number {
    return this.world.nowMs - this.#sleptMs;
  }

  get wallMs(): number {
    return this.world.wallMs + this.#aheadMs;
  }

  get isStopped(): boolean {
    return this.stoppedUntilMs > this.world.nowMs;
  }

  /** A signal stops it, or its event loop is blocked. */
  stop(forMs: number): void {
    const fromMs = Math.max(this.stoppedUntilMs, this.world.nowMs);
    this.stoppedUntilMs = Math.max(fromMs, this.world.nowMs + forMs);
    this.stoppedMs += this.stoppedUntilMs - fromMs;
  }

  /** The machine sleeps. */
  sleep(forMs: number): void {
    const before = this.stoppedMs;
    this.stop(forMs);
    this.#sleptMs += this.stoppedMs - before;
  }

  /** Goes on now. */
  goOn(): void {
    const leftMs = Math.max(0, this.stoppedUntilMs - this.world.nowMs);
    this.stoppedMs -= leftMs;
    this.stoppedUntilMs -= leftMs;
  }

  setClock(byMs: number): void {
    this.#aheadMs += byMs;
    this.#wasSetBack ||= byMs < 0;
  }

  /** One of its clocks stood still, and the other one was set back: neither shows how much time has passed. */
  get isWithoutClock(): boolean {
    return this.#sleptMs > 0 && this.#wasSetBack;
  }

  /** Ends without another step of its own. */
  kill(): void {
    this.isAlive = false;
    for (const end of this.#onEnd) end();
  }

  /** The machine does it when the process ends. */
  onEnd(end: () => void): void {
    this.#onEnd.push(end);
  }
}

const TICK_MS = 5;
/** A tick that comes later than this was kept from running: by a stop of the process, or by others on its machine. */
const LATEST_MS = 4 * TICK_MS;

/**
 * A stopwatch that runs while this process runs, and stands still while it is stopped or kept from running. So a bound
 * on a duration means the same on a machine that stalls: what was waited for has been waited for while the process was
 * awake. It never shows more than the time that has passed.
 */
export class AwakeClock {
  private awakeMs = 0;
  private lastMs = performance.now();
  private readonly timer = setInterval(() => this.tick(), TICK_MS);

  /** How long the process was awake since the clock was started, in ms. */
  get ms(): number {
    this.tick();
    return this.awakeMs;
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private tick(): void {
    const nowMs = performance.now();
    this.awakeMs += Math.min(nowMs - this.lastMs, LATEST_MS);
    this.lastMs = nowMs;
  }
}

/** For how long this process was awake until the work was done, in ms; rejects as the work does. */
export async function awakeMs(work: () => Promise<unknown>): Promise<number> {
  return (await timed(work)).awakeMs;
}

/** What work comes to, and for how long this process was awake until then, in ms. */
export async function timed<T>(work: () => Promise<T>): Promise<{ readonly value: T; readonly awakeMs: number }> {
  const clock = new AwakeClock();
  try {
    const value = await work();
    return { value, awakeMs: clock.ms };
  } finally {
    clock.stop();
  }
}

const STEP_MS = 5;

/**
 * The time in which this process has run. It stands still while the process is stopped, or kept from running by others:
 * a limit on what the process does within it holds on any machine. Time that passes elsewhere is not to be measured by
 * it, and a lower limit neither.
 */
export class RunningClock {
  private ranMs = 0;
  private lastMs = performance.now();
  private readonly timer = setInterval(() => this.step(), STEP_MS);

  /** In ms, since it was made. */
  elapsedMs(): number {
    this.step();
    return this.ranMs;
  }

  /** To be called when it is not needed any more. */
  stop(): void {
    clearInterval(this.timer);
  }

  private step(): void {
    const nowMs = performance.now();
    this.ranMs += Math.min(nowMs - this.lastMs, 2 * STEP_MS);
    this.lastMs = nowMs;
  }
}

/** What work comes to, and how long this process had to run for it, in ms. */
export async function timed<T>(work: () => Promise<T>): Promise<{ readonly value: T; readonly ranMs: number }> {
  const clock = new RunningClock();
  try {
    const value = await work();
    return { value, ranMs: clock.elapsedMs() };
  } finally {
    clock.stop();
  }
}

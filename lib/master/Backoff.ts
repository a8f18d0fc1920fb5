const FIRST_MS = 25;
const LONGEST_MS = 800;

/**
 * The pauses between attempts to reach a master again: doubled from one to the next and spread over their upper half,
 * so that the clients of a master that returns do not all arrive at once.
 */
export class Backoff {
  #failures = 0;

  /** The next pause, in ms. */
  next(): number {
    const ceilingMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.#failures);
    this.#failures += 1;
    return Math.round(ceilingMs * (0.5 + Math.random() / 2));
  }

  /** The master was reached. */
  reset(): void {
    this.#failures = 0;
  }
}

/** No event is set further ahead. A power of two. */
const SPAN = 2048;

/** Time in whole steps, and what is to happen in each. */
export class Timeline {
  now = 0;
  readonly #events: (() => void)[][] = Array.from({ length: SPAN }, () => []);

  /** @param delay from 1 to below the span */
  after(delay: number, event: () => void): void {
    (this.#events[(this.now + delay) & (SPAN - 1)] as (() => void)[]).push(event);
  }

  /** Goes on to the next step. */
  advance(): void {
    this.now += 1;
    const events = this.#events[this.now & (SPAN - 1)] as (() => void)[];
    if (events.length === 0) return;
    for (let at = 0; at < events.length; at += 1) (events[at] as () => void)();
    events.length = 0;
  }
}

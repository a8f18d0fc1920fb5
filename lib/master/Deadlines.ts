/**
 * The deadlines of the commands in flight on one connection. Redis answers in order and all commands are given the
 * same time, so a first-in first-out queue and a single timer serve any number of them.
 *
 * A socket's own timeout is not enough: any byte resets it, so an answer that trickles in, or one behind a slow script
 * of somebody else, would be waited for as long as the server pleases.
 */
export class Deadlines {
  readonly #startedMs: number[] = [];
  #head = 0;
  #ended = 0;
  #timer: NodeJS.Timeout | null = null;
  #lastLook: NodeJS.Immediate | null = null;

  constructor(
    private readonly limitMs: number,
    private readonly onExpired: () => void,
  ) {}

  /** How many commands are in flight. */
  get count(): number {
    return this.#startedMs.length - this.#head;
  }

  /** A command was sent. */
  start(): void {
    this.#startedMs.push(performance.now());
    if (this.#lastLook === null) this.#timer ??= setTimeout(this.#check, this.limitMs);
  }

  /** The last so many commands were kept back by this process, and have only now been written. */
  written(count: number): void {
    const nowMs = performance.now();
    const { length } = this.#startedMs;
    for (let index = Math.max(this.#head, length - count); index < length; index += 1) this.#startedMs[index] = nowMs;
  }

  /** The oldest command was answered. Returns how long it took, in ms. */
  end(): number {
    const nowMs = performance.now();
    const startedMs = this.#startedMs[this.#head];
    if (startedMs === undefined) return 0;
    this.#head += 1;
    this.#ended += 1;
    // The timer is left to run out: arming it again with each command would cost more than the command's own record.
    if (this.#head === this.#startedMs.length) this.#empty();
    else if (this.#head > 1024 && this.#head * 2 > this.#startedMs.length) {
      this.#startedMs.splice(0, this.#head);
      this.#head = 0;
    }
    return nowMs - startedMs;
  }

  /** The connection is gone, and its commands with it. */
  clear(): void {
    this.#empty();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#lastLook !== null) clearImmediate(this.#lastLook);
    this.#lastLook = null;
  }

  #empty(): void {
    this.#startedMs.length = 0;
    this.#head = 0;
  }

  readonly #check = (): void => {
    this.#timer = null;
    const oldestMs = this.#startedMs[this.#head];
    if (oldestMs === undefined) return;
    const leftMs = oldestMs + this.limitMs - performance.now();
    if (leftMs > 0) this.#timer = setTimeout(this.#check, Math.ceil(leftMs));
    else this.#lookOnceMore();
  };

  /** After a stall of this process timers run before sockets are read: the answer may be waiting there. */
  #lookOnceMore(): void {
    const ended = this.#ended;
    this.#lastLook = setImmediate(() => {
      this.#lastLook = null;
      if (this.#ended === ended) this.onExpired();
      else this.#check();
    });
  }
}

/** A connection is idle when it has brought nothing for so long, in ms. */
const IDLE_MS = 100;

/** An idle connection gets this part of the time for its first answer, so that a second one has time left. */
const TRIAL = 1 / 3;

/**
 * The deadlines of the commands in flight on one connection. Redis answers in order and all commands are given the
 * same time, so a first-in first-out queue and a single timer serve any number of them.
 *
 * A socket's own timeout is not enough: any byte resets it, so an answer that trickles in, or one behind a slow script
 * of somebody else, would be waited for as long as the server pleases.
 */
export class Deadlines {
  /** Of the last command that was answered; null before the first. */
  #roundTripMs: number | null = null;
  /** Null before the first reply on this connection. */
  #lastReplyMs: number | null = null;
  /** The oldest command was sent on a connection that had been idle, and that may be broken without anybody knowing. */
  #isOnTrial = false;
  readonly #startedMs: number[] = [];
  #head = 0;
  #ended = 0;
  #timer: NodeJS.Timeout | null = null;
  #lastLook: NodeJS.Immediate | null = null;

  constructor(
    private readonly limitMs: number,
    private readonly onExpired: (limitMs: number) => void,
  ) {}

  /** How many commands are in flight. */
  get count(): number {
    return this.#startedMs.length - this.#head;
  }

  /** A command was sent. */
  start(): void {
    const nowMs = performance.now();
    if (this.count === 0 && this.#isIdle(nowMs)) this.#beginTrial();
    this.#startedMs.push(nowMs);
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
    this.#isOnTrial = false;
    this.#lastReplyMs = nowMs;
    this.#roundTripMs = nowMs - startedMs;
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
    this.#isOnTrial = false;
    this.#lastReplyMs = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#lastLook !== null) clearImmediate(this.#lastLook);
    this.#lastLook = null;
  }

  /** One that answers in good time. A slow one would be taken for broken. */
  #isIdle(nowMs: number): boolean {
    const isQuick = this.#roundTripMs !== null && 4 * this.#roundTripMs < TRIAL * this.limitMs;
    return isQuick && this.#lastReplyMs !== null && nowMs - this.#lastReplyMs > IDLE_MS;
  }

  get #presentLimitMs(): number {
    return this.#isOnTrial ? Math.ceil(TRIAL * this.limitMs) : this.limitMs;
  }

  #beginTrial(): void {
    this.#isOnTrial = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#check, this.#presentLimitMs);
  }

  #empty(): void {
    this.#startedMs.length = 0;
    this.#head = 0;
  }

  readonly #check = (): void => {
    this.#timer = null;
    const oldestMs = this.#startedMs[this.#head];
    if (oldestMs === undefined) return;
    const leftMs = oldestMs + this.#presentLimitMs - performance.now();
    if (leftMs > 0) this.#timer = setTimeout(this.#check, Math.ceil(leftMs));
    else this.#lookOnceMore();
  };

  /** After a stall of this process timers run before sockets are read: the answer may be waiting there. */
  #lookOnceMore(): void {
    const ended = this.#ended;
    this.#lastLook = setImmediate(() => {
      this.#lastLook = null;
      if (this.#ended === ended) this.onExpired(this.#presentLimitMs);
      else this.#check();
    });
  }
}

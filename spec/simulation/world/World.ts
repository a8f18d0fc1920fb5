import { Chance } from './Chance';
import { type Event, EventQueue, Phase } from './EventQueue';
import type { Process } from './Process';

/** Node's own, kept before it is replaced. */
const { setImmediate: afterThisTurn } = globalThis;

const EPOCH_MS = 1_700_000_000_000;

export interface Happening extends Event {
  /** Who runs it; null for what is no process. */
  readonly owner: Process | null;
  /** For a timer: when it is due by its owner's monotonic clock. */
  readonly dueMs: number;
}

/** One virtual time, and what happens in it. Processes take turns: what one runs ends before the next event begins. */
export class World {
  nowMs = 0;
  readonly chance: Chance;
  /** Whose turn it is. */
  running: Process | null = null;
  /** How many events have happened. */
  turns = 0;
  /** Who has drawn each token. */
  readonly tokens = new Map<string, Process | null>();
  readonly #queue = new EventQueue<Happening>();
  #order = 0;

  constructor(seed: number) {
    this.chance = new Chance(seed);
  }

  /** What a clock shows that is right. */
  get wallMs(): number {
    return EPOCH_MS + this.nowMs;
  }

  /** Plans something that belongs to no process. */
  at(atMs: number, run: () => void): Happening {
    return this.#plan(atMs, Phase.sockets, null, -Infinity, run);
  }

  /** Plans what a process hears from the network. */
  hear(owner: Process, atMs: number, run: () => void): Happening {
    return this.#plan(atMs, Phase.sockets, owner, -Infinity, run);
  }

  /** Plans a timer of the process whose turn it is. Node's may fire up to a ms early, and often fires late. */
  timer(ms: number, run: () => void): Happening {
    const owner = this.#owner();
    const delayMs = ms >= 1 && ms <= 2 ** 31 - 1 ? Math.trunc(ms) : 1;
    const dueMs = Math.floor(owner.monotonicMs) + delayMs + this.chance.next() * 0.3;
    return this.#plan(this.nowMs + Math.max(0, dueMs - owner.monotonicMs), Phase.timers, owner, dueMs, run);
  }

  /** Plans it for the end of this turn of the loop, when sockets have been read. */
  immediate(run: () => void): Happening {
    return this.#plan(this.nowMs, Phase.immediates, this.#owner(), -Infinity, run);
  }

  /** Has a process run something as soon as it runs: whatever that starts belongs to it. */
  as(owner: Process, run: () => void): void {
    this.#plan(this.nowMs, Phase.sockets, owner, -Infinity, run);
  }

  /** What a process would see now. */
  seenBy<T>(owner: Process, see: () => T): T {
    const { running } = this;
    this.running = owner;
    try {
      return see();
    } finally {
      this.running = running;
    }
  }

  /** Lets happen what is due until then, and calls `look` after each event. */
  async runUntil(untilMs: number, look: () => void): Promise<void> {
    for (let event = this.#queue.pop(untilMs); event !== null; event = this.#queue.pop(untilMs)) {
      if (event.isCancelled || event.owner?.isAlive === false || this.#isPostponed(event)) continue;
      this.nowMs = Math.max(this.nowMs, event.atMs);
      this.turns += 1;
      this.running = event.owner;
      event.run();
      if (event.owner !== null) await settled();
      this.running = null;
      look();
    }
    this.nowMs = Math.max(this.nowMs, untilMs);
    // What hangs has no event of its own.
    look();
  }

  #isPostponed(event: Happening): boolean {
    const { owner } = event;
    if (owner === null) return false;
    // Its clock stood still meanwhile, or the process does.
    const lateMs = event.dueMs - (owner.monotonicMs + event.atMs - this.nowMs);
    const atMs = Math.max(owner.stoppedUntilMs, event.atMs + Math.max(0, lateMs));
    if (atMs <= event.atMs) return false;
    event.atMs = atMs;
    this.#queue.push(event);
    return true;
  }

  #owner(): Process {
    if (this.running !== null) return this.running;
    throw new Error('only a process sets a timer');
  }

  #plan(atMs: number, phase: Phase, owner: Process | null, dueMs: number, run: () => void): Happening {
    this.#order += 1;
    const event = { atMs, phase, owner, dueMs, run, order: this.#order, isCancelled: false };
    this.#queue.push(event);
    return event;
  }
}

/** Resolves when nothing follows by promises any more. */
function settled(): Promise<void> {
  return new Promise((resolve) => afterThisTurn(resolve));
}

/** In which order one turn of Node's event loop looks at what has become due. */
export const Phase = { timers: 0, sockets: 1, immediates: 2 } as const;
export type Phase = (typeof Phase)[keyof typeof Phase];

export interface Event {
  atMs: number;
  readonly phase: Phase;
  /** Of two that are due together the first that was planned comes first. */
  readonly order: number;
  /** Takes it back. */
  isCancelled: boolean;
  readonly run: () => void;
}

/** What is to happen, by its time: a binary heap. */
export class EventQueue<E extends Event> {
  readonly #heap: E[] = [];

  push(event: E): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as E;
      if (!isBefore(event, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = event;
  }

  /** Takes out what comes first, unless that is later than `untilMs`. */
  pop(untilMs: number): E | null {
    const heap = this.#heap;
    const [first] = heap;
    if (first === undefined || first.atMs > untilMs) return null;
    const last = heap.pop() as E;
    if (heap.length > 0) this.#sink(last);
    return first;
  }

  #sink(event: E): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right !== undefined && isBefore(right, heap[child] as E)) child += 1;
      const below = heap[child] as E;
      if (!isBefore(below, event)) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = event;
  }
}

function isBefore(left: Event, right: Event): boolean {
  if (left.atMs !== right.atMs) return left.atMs < right.atMs;
  if (left.phase !== right.phase) return left.phase < right.phase;
  return left.order < right.order;
}

import type { ContextLike } from '../contract/Context';
import type { Observer } from '../observe/Observer';

/** The shortest ttl that nobody means in seconds. */
const SECOND_MS = 1000;

/** Says once that times are in ms: a lock whose ttl was meant in seconds has ended before the work begins. */
export class MsHint {
  #isTold = false;

  tell(observer: Observer, context: ContextLike, ttlMs: number): void {
    if (ttlMs >= SECOND_MS || this.#isTold) return;
    this.#isTold = true;
    const message = `A ttl of ${ttlMs} ms is short: every ttl and timeout is in ms`;
    observer.emit({ kind: 'warning', context, message });
  }
}

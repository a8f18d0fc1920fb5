import { openSync, readFileSync, writeSync } from 'node:fs';

/** The calls that a worker makes. */
export type Operation =
  | 'open'
  | 'tryAcquireLock'
  | 'acquireLock'
  | 'releaseLock'
  | 'tryAcquireLease'
  | 'acquireLease'
  | 'releaseLease'
  | 'close';

/** What a worker writes down. All moments are on the machine's monotonic clock, in ms. */
export type LogEvent =
  /** A call is about to be made, which is to settle within so many ms. */
  | {
      readonly kind: 'call';
      readonly id: number;
      readonly operation: Operation;
      readonly key: string;
      readonly atMs: number;
      readonly withinMs: number;
    }
  /** `outcome` is `ok`, `refused`, the outcome of a lease's release, or the code of what was thrown. */
  | { readonly kind: 'settled'; readonly id: number; readonly atMs: number; readonly outcome: string }
  /**
   * The lock is held from now, and for certain until `validUntilMs`: counted from before the call, with the drift taken
   * off. Already past, where the call took longer than the ttl. The token is a fencing token, or null.
   */
  | {
      readonly kind: 'acquired';
      readonly key: string;
      readonly atMs: number;
      readonly validUntilMs: number;
      readonly token: number | null;
    }
  /** The worker has looked at its validity, and works. */
  | { readonly kind: 'entered'; readonly key: string; readonly atMs: number }
  /** The worker sent its work to a store, with its fencing token, whether or not it still held the lock. */
  | { readonly kind: 'wrote'; readonly key: string; readonly atMs: number; readonly token: number }
  | { readonly kind: 'left'; readonly key: string; readonly atMs: number };

/** Writes each event at once, so that nothing is lost with a process that is killed. */
export class WorkerLog {
  readonly #file: number;

  /** @param path of a file that is appended to */
  constructor(path: string) {
    this.#file = openSync(path, 'a');
  }

  write(event: LogEvent): void {
    writeSync(this.#file, `${JSON.stringify(event)}\n`);
  }
}

/** What a worker has written; a last line that it could not finish is left out. */
export function readLog(path: string): readonly LogEvent[] {
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as LogEvent);
}

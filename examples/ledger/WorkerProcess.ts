import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { MasterStatus } from '../../lib/index';
import { endWithProcess } from '../../spec/support/endWithProcess';
import { GO, type WorkerMessage } from './messages';
import { TYPESCRIPT } from '../../spec/support/typescript';

/** What one worker is to do. */
export interface Job {
  readonly name: string;
  /** The path of the shared file. */
  readonly ledger: string;
  readonly lines: number;
  /** The path of the lock's configuration; null is to go without a lock. */
  readonly config: string | null;
}

/** How a worker ended. */
export type WorkerEnd =
  | { readonly kind: 'done'; readonly masters: readonly MasterStatus[] }
  | { readonly kind: 'failed'; readonly reason: string };

/** A line that a worker says it has written. */
export type Appended = Extract<WorkerMessage, { kind: 'appended' }>;

const WORKER = join(__dirname, 'worker.ts');

/** One worker, seen from the demo: a process of its own, which ends with the demo whatever happens. */
export class WorkerProcess {
  /** Settles when it waits for {@link start}, or has ended. */
  readonly ready: Promise<void>;
  readonly ended: Promise<WorkerEnd>;
  readonly #child: ChildProcess;
  #outcome: WorkerEnd | null = null;
  #onReady = (): void => {};

  constructor(
    { name, ledger, lines, config }: Job,
    private readonly onAppended: (appended: Appended) => void,
  ) {
    const args = ['--name', name, '--ledger', ledger, '--lines', String(lines)];
    if (config !== null) args.push('--config', config);
    this.#child = fork(WORKER, args, { execArgv: [...TYPESCRIPT] });
    const unhook = endWithProcess(() => this.#child.kill('SIGKILL'));
    this.ended = this.#end().finally(unhook);
    const isReady = new Promise<void>((resolve) => (this.#onReady = resolve));
    this.ready = Promise.race([isReady, this.ended.then(() => {})]);
    this.#child.on('message', (message) => this.#onMessage(message as WorkerMessage));
  }

  /** Undefined where the process could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Lets it begin. Does nothing where it has ended. */
  start(): void {
    if (this.#child.connected) this.#child.send(GO);
  }

  #onMessage(message: WorkerMessage): void {
    switch (message.kind) {
      case 'ready':
        return this.#onReady();
      case 'appended':
        return this.onAppended(message);
      case 'done':
      case 'failed':
        this.#outcome = message;
    }
  }

  async #end(): Promise<WorkerEnd> {
    try {
      // Its last messages may come in after its exit, and before the channel ends.
      await Promise.all([once(this.#child, 'exit'), once(this.#child, 'disconnect')]);
      const { exitCode, signalCode } = this.#child;
      if (this.#outcome?.kind === 'failed' || (this.#outcome && exitCode === 0)) return this.#outcome;
      return { kind: 'failed', reason: `ended by ${signalCode ?? `exit code ${exitCode}`}` };
    } catch (error) {
      return { kind: 'failed', reason: (error as Error).message };
    }
  }
}

import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { endWithProcess } from '../spec/support/endWithProcess';
import { nowMs } from './clock';
import type { WorkerEnd, WorkerRecord } from './judge';
import type { Job, Order, Report } from './messages';
import type { Pause } from './settling';
import { readLog } from './WorkerLog';
import { TYPESCRIPT } from '../spec/support/typescript';

const WORKER = join(__dirname, 'worker.ts');

/** One worker, seen from outside: a process of its own, which ends with this one whatever happens. */
export class WorkerProcess {
  /** Settles when the lock is open, or the process has ended. */
  readonly opened: Promise<void>;
  /** Settles when every master serves it, or the process has ended. */
  readonly served: Promise<void>;
  readonly #exited: Promise<void>;
  readonly #child: ChildProcess;
  readonly #bornMs = nowMs();
  readonly #pauses: Pause[] = [];
  #pausedMs: number | null = null;
  #isServed = false;
  #isTold = false;
  #end: WorkerEnd | null = null;
  #onOpen = (): void => {};
  #onServed = (): void => {};

  /** @param index which of the workers it is; a process that takes the place of another has the same */
  constructor(
    readonly index: number,
    private readonly job: Job,
  ) {
    // It may be killed before it has come to its first line.
    closeSync(openSync(job.log, 'a'));
    const stderr = openSync(this.#errorFile, 'w');
    try {
      const stdio = ['ignore', 'ignore', stderr, 'ipc'] as const;
      this.#child = fork(WORKER, [JSON.stringify(job)], { execArgv: [...TYPESCRIPT], stdio: [...stdio] });
    } finally {
      closeSync(stderr);
    }
    const unhook = endWithProcess(() => this.#child.kill('SIGKILL'));
    // Its last messages may come in after its exit, and before the channel ends.
    this.#exited = Promise.all([once(this.#child, 'exit'), once(this.#child, 'disconnect')]).then(
      unhook,
      (error: Error) => this.#fail(`could not be started: ${error.message}`),
    );
    const isOpen = new Promise<void>((resolve) => (this.#onOpen = resolve));
    const isServed = new Promise<void>((resolve) => (this.#onServed = resolve));
    this.opened = Promise.race([isOpen, this.#exited]);
    this.served = Promise.race([isServed, this.#exited]);
    this.#child.on('message', (report) => this.#onReport(report as Report));
  }

  get name(): string {
    return this.job.name;
  }

  /** Whether every master has come to serve it since it was asked. */
  get isServed(): boolean {
    return this.#isServed;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Stops the process; from its own side nothing has happened but that the clock has jumped. */
  pause(): void {
    if (this.#pausedMs !== null || this.#hasExited) return;
    this.#pausedMs = nowMs();
    this.#child.kill('SIGSTOP');
  }

  /** Lets it run again. Does nothing where it runs. */
  resume(): void {
    if (this.#pausedMs === null) return;
    this.#child.kill('SIGCONT');
    this.#pauses.push({ fromMs: this.#pausedMs, toMs: nowMs() });
    this.#pausedMs = null;
  }

  /** Ends it without warning. */
  async kill(): Promise<void> {
    if (!this.#hasExited) this.#end ??= { kind: 'killed', atMs: nowMs() };
    this.#child.kill('SIGKILL');
    await this.#exited;
    this.resume();
  }

  askForService(): void {
    this.#order({ kind: 'report-served' });
  }

  /** Has it close its lock and end by itself; it is a failure when it does not within `withinMs`. */
  async stop(withinMs: number): Promise<void> {
    this.resume();
    // One that has ended before was not told to.
    this.#isTold = !this.#hasExited;
    this.#order({ kind: 'stop' });
    const timer = setTimeout(() => {
      this.#fail(`had not ended ${withinMs} ms after it was told to`);
      this.#child.kill('SIGKILL');
    }, withinMs);
    await this.#exited;
    clearTimeout(timer);
  }

  /** To be asked when it has ended. */
  record(): WorkerRecord {
    const { exitCode, signalCode } = this.#child;
    const hasStopped = this.#isTold && exitCode === 0;
    if (this.#end === null && !hasStopped) this.#fail(`ended by ${signalCode ?? `exit code ${exitCode}`}`);
    const end = this.#end ?? { kind: 'stopped' };
    return { name: this.name, events: readLog(this.job.log), pauses: this.#pauses, end };
  }

  get #hasExited(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  get #errorFile(): string {
    return `${this.job.log}.err`;
  }

  #order(order: Order): void {
    // It may end at this very moment; its end is told elsewhere.
    if (this.#child.connected) this.#child.send(order, () => {});
  }

  #fail(reason: string): void {
    const said = readFileSync(this.#errorFile, 'utf8').trim();
    this.#end ??= { kind: 'failed', reason: said === '' ? reason : `${reason}\n${said}` };
  }

  #onReport(report: Report): void {
    if (report.kind === 'open') {
      // The whole of the judgement rests on it that both processes read one clock.
      const isOneClock = this.#bornMs < report.atMs && report.atMs < nowMs();
      if (!isOneClock) this.#fail('its monotonic clock is not that of this process');
      return this.#onOpen();
    }
    this.#isServed = true;
    this.#onServed();
  }
}

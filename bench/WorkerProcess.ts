import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { endWithProcess } from '../spec/support/endWithProcess';
import type { Order, Replies, Request, Response } from './messages';

const WORKER = join(__dirname, 'worker.ts');
const TYPESCRIPT = ['--import', pathToFileURL(require.resolve('tsx')).href];
/** Far longer than any order takes: an order without an answer must not keep the bench for ever. */
const ANSWER_MS = 60_000;

interface Call {
  resolve(reply: unknown): void;
  reject(error: Error): void;
}

/** One worker: a process of its own that obeys orders, and ends with this process whatever happens. */
export class WorkerProcess {
  readonly #child: ChildProcess = fork(WORKER, { execArgv: TYPESCRIPT });
  readonly #calls = new Map<number, Call>();
  readonly #exited: Promise<unknown>;
  #lastId = 0;

  constructor() {
    const unhook = endWithProcess(() => this.#child.kill('SIGKILL'));
    this.#exited = once(this.#child, 'exit').finally(unhook);
    const fail = (): void => this.#failAll(new Error('a worker of the bench has ended'));
    this.#exited.then(fail, fail);
    this.#child.on('message', (response: Response) => this.#settle(response));
  }

  /** Rejects with what went wrong in the worker, with its end, or when it does not answer. */
  order<K extends Order['kind']>(order: Extract<Order, { kind: K }>): Promise<Replies[K]> {
    const request: Request = { id: (this.#lastId += 1), order };
    const timer = setTimeout(() => {
      this.#calls.get(request.id)?.reject(new Error(`a worker did not answer ${order.kind} within ${ANSWER_MS} ms`));
    }, ANSWER_MS);
    const answered = new Promise<unknown>((resolve, reject) => {
      this.#calls.set(request.id, { resolve, reject });
      this.#child.send(request, (error) => error && reject(error));
    });
    return answered.finally(() => {
      clearTimeout(timer);
      this.#calls.delete(request.id);
    }) as Promise<Replies[K]>;
  }

  /** It ends by itself once there is nobody to give it orders. */
  async stop(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    await this.#exited;
  }

  #settle(response: Response): void {
    const call = this.#calls.get(response.id);
    if (response.kind === 'done') call?.resolve(response.reply);
    else call?.reject(new Error(`in a worker: ${response.reason}`));
  }

  #failAll(error: Error): void {
    for (const call of this.#calls.values()) call.reject(error);
  }
}

import { once } from 'node:events';
import { createRequire } from 'node:module';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { TYPESCRIPT } from './typescript';

interface Work {
  readonly file: string;
  readonly name: string;
  readonly args: readonly unknown[];
}

/**
 * Calls a function that a file exports, in a thread of its own: for what takes seconds of pure computing and has
 * nothing to do with what else is computed meanwhile. What it takes and what it returns is copied.
 *
 * @param file a path without an extension
 * @param name of the function
 * @throws what the function throws
 */
export function inThread<R>(file: string, name: string, ...args: readonly unknown[]): Promise<R> {
  const work: Work = { file, name, args };
  const thread = new Worker(__filename, { workerData: work, execArgv: [...TYPESCRIPT] });
  const returned = once(thread, 'message').then(([result]) => result as R);
  // It may be asked for long after it has thrown, and is no unhandled rejection until then.
  returned.catch(() => {});
  return returned;
}

if (!isMainThread) {
  const { file, name, args } = workerData as Work;
  const functions = createRequire(__filename)(file) as Readonly<
    Record<string, (...args: readonly unknown[]) => unknown>
  >;
  parentPort?.postMessage(functions[name]?.(...args));
}

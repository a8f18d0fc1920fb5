import { types } from 'node:util';
import type { ApplicationException } from 'pip-services4-commons-node';
import type { LockConfig } from '../config/LockConfig';
import { quorumOf } from '../config/LockOptions';
import { resolveMasters } from '../config/resolveMasters';
import { traceIdOf, type ContextLike } from '../contract/Context';
import type { IReferences } from '../contract/References';
import { Observer } from '../observe/Observer';
import { Quorum } from '../quorum/Quorum';
import { Session } from './Session';

/**
 * From a configuration to a quorum of masters that is ready. Leaves nothing behind when it fails.
 *
 * @throws the signal's reason when it fires first
 */
export async function openSession(
  context: ContextLike,
  config: LockConfig,
  references: IReferences | null,
  signal: AbortSignal,
): Promise<Session> {
  const startedMs = performance.now();
  const observer = new Observer(references, config.name);
  for (const message of config.warnings) observer.emit({ kind: 'warning', context, message });
  try {
    const endpoints = await unlessAborted(resolveMasters(context, config, references, signal), signal);
    const quorum = new Quorum(endpoints, quorumOf(config.options, endpoints.length), config.options, observer);
    try {
      await quorum.open(context, signal);
    } catch (error) {
      await quorum.close();
      throw error;
    }
    return new Session(config.options, quorum, observer);
  } catch (error) {
    const traceId = traceIdOf(context);
    if (isException(error) && !error.trace_id && traceId) error.withTraceId(traceId);
    const tookMs = performance.now() - startedMs;
    observer.emit({ kind: 'failed', context, operation: 'open', error: error as Error, tookMs });
    throw error;
  }
}

/** One of another copy of the exceptions' package, which a discovery may throw, is no instance of the class here. */
function isException(error: unknown): error is ApplicationException {
  return types.isNativeError(error) && typeof (error as Partial<ApplicationException>).withTraceId === 'function';
}

/** Discovery and credential stores belong to others, and cannot be told to stop: they are waited for no longer. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

import { contextOf } from '../contract/Context';
import { Descriptor } from '../contract/Descriptor';
import type { ICounters, ILogger, ITracer } from '../contract/observability';
import type { IReferences } from '../contract/References';
import type { LockEvent } from './LockEvent';

/**
 * Takes the lock's events, and makes one call at most of each. What that returns it hands on: it is of no interest, unless
 * it is a promise that rejects.
 */
export type EventReader = (event: LockEvent) => unknown;

/**
 * The one stream of events. Every logger, counter set and tracer among the references reads it; none is needed.
 * What a reader throws is dropped: a lock does not fail because a log does.
 */
export class Observer {
  readonly #readers: readonly EventReader[];

  /** @param name of the lock, for its lines; null where it has none */
  constructor(references: IReferences | null, name: string | null) {
    const prefix = name === null ? '' : `${name}: `;
    const find = <T>(type: string): T[] => references?.getOptional<T>(new Descriptor('*', type, '*', '*', '1.0')) ?? [];
    const loggers = find<ILogger>('logger');
    this.#readers = [
      ...(loggers.length === 0 ? [warnProcess(prefix)] : loggers.map((logger) => logTo(logger, prefix))),
      ...find<ICounters>('counters').flatMap((counters) => [countIn(counters), measureIn(counters)]),
      ...find<ITracer>('tracer').map(traceIn),
    ];
  }

  /** Hands an event to every reader. */
  emit(event: LockEvent): void {
    for (const read of this.#readers) {
      try {
        const result = read(event);
        if (isPromiseLike(result)) result.then(null, () => {});
      } catch {
        // A reader that is broken has nobody left to tell.
      }
    }
  }
}

/** A promise of another library, or of another context, is no instance of the class here. */
function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as Partial<PromiseLike<unknown>> | null | undefined)?.then === 'function';
}

/** So many locks are remembered of which a process was warned. */
const MOST_REMEMBERED = 1_000;

/**
 * Where nobody logs, a warning must still not be lost. Of one key the same is said once, until a lock of it is released
 * in time: work that always takes longer than its ttl would fill the output.
 */
function warnProcess(prefix: string): EventReader {
  const warnedOf = new Map<string, string>();
  return (event) => {
    if (event.kind === 'released') warnedOf.delete(event.key);
    const message = warningIn(event);
    if (message === null) return;
    if (event.kind === 'gone' || event.kind === 'lost') {
      if (warnedOf.get(event.key) === message) return;
      warnedOf.delete(event.key);
      warnedOf.set(event.key, message);
      const [oldest] = warnedOf.keys();
      if (warnedOf.size > MOST_REMEMBERED && oldest !== undefined) warnedOf.delete(oldest);
    }
    process.emitWarning(prefix + message, 'RedisLockWarning');
  };
}

/** What an operator has to see, in words; null of all else. */
function warningIn(event: LockEvent): string | null {
  switch (event.kind) {
    case 'warning':
      return event.message;
    case 'master-away':
      return `Redis master ${event.label} has no vote: ${event.fault} (${event.message})`;
    case 'master-quarantined':
      return `Redis master ${event.label} has no vote: quarantined (${event.message})`;
    case 'gone':
      return `Lock ${event.key} was released too late: ${event.how}`;
    case 'lost':
      return `Lost lock ${event.key} while it was held`;
    case 'master-ready':
    case 'acquired':
    case 'refused':
    case 'failed':
    case 'released':
      return null;
  }
}

function logTo(logger: ILogger, prefix: string): EventReader {
  return (event) => {
    const context = contextOf('context' in event ? event.context : null);
    switch (event.kind) {
      case 'master-ready':
        return logger.info(context, `${prefix}Redis master ${event.label} is ready`);
      case 'failed':
        return logger.error(context, event.error, `${prefix}Redis lock failed to ${event.operation}`);
      case 'acquired':
        return logger.trace(context, `${prefix}Acquired lock ${event.key}`);
      case 'released':
        return logger.trace(context, `${prefix}Released lock ${event.key}`);
      case 'refused':
        return;
      case 'warning':
      case 'master-away':
      case 'master-quarantined':
      case 'gone':
      case 'lost':
        return logger.warn(context, prefix + (warningIn(event) ?? ''));
    }
  };
}

function countIn(counters: ICounters): EventReader {
  return (event) => (event.kind === 'warning' ? undefined : counters.incrementOne(`redlock.${event.kind}`));
}

function measureIn(counters: ICounters): EventReader {
  return (event) => (event.kind === 'acquired' ? counters.stats('redlock.acquire_time', event.tookMs) : undefined);
}

function traceIn(tracer: ITracer): EventReader {
  return (event) => {
    if (event.kind === 'acquired') {
      return tracer.trace(contextOf(event.context), 'redlock', 'acquire', event.tookMs);
    }
    if (event.kind === 'failed') {
      return tracer.failure(contextOf(event.context), 'redlock', event.operation, event.error, event.tookMs);
    }
  };
}

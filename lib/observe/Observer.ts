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

  constructor(references: IReferences | null) {
    const find = <T>(type: string): T[] => references?.getOptional<T>(new Descriptor('*', type, '*', '*', '1.0')) ?? [];
    const loggers = find<ILogger>('logger');
    this.#readers = [
      ...(loggers.length === 0 ? [warnProcess] : loggers.map(logTo)),
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

/** Where nobody logs, a warning must still not be lost. */
function warnProcess(event: LockEvent): void {
  if (event.kind === 'warning') process.emitWarning(event.message, 'RedisLockWarning');
}

function logTo(logger: ILogger): EventReader {
  return (event) => {
    switch (event.kind) {
      case 'warning':
        return logger.warn(contextOf(event.context), event.message);
      case 'master-ready':
        return logger.info(contextOf(null), `Redis master ${event.address} is ready`);
      case 'master-away':
        return logger.warn(
          contextOf(null),
          `Redis master ${event.address} has no vote: ${event.fault} (${event.message})`,
        );
      case 'master-quarantined':
        return logger.warn(
          contextOf(null),
          `Redis master ${event.address} has no vote: quarantined (${event.message})`,
        );
      case 'failed':
        return logger.error(contextOf(event.context), event.error, `Failed to ${event.operation}`);
      case 'acquired':
        return logger.trace(contextOf(event.context), `Acquired lock ${event.key}`);
      case 'released':
        return logger.trace(contextOf(event.context), `Released lock ${event.key}`);
      case 'gone':
        return logger.warn(contextOf(event.context), `Lock ${event.key} was released too late: ${event.how}`);
      case 'lost':
        return logger.warn(contextOf(event.context), `Lost lock ${event.key} while it was held`);
      case 'refused':
        return;
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

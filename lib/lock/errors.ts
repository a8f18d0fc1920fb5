import {
  ConflictException,
  InvalidStateException,
  type ApplicationException,
  type ConnectionException,
} from 'pip-services4-commons-node';
import { traceIdOf, type ContextLike } from '../contract/Context';
import { ErrorCode } from '../contract/ErrorCode';
import type { Answer } from '../quorum/Ballot';
import { describeAnswer, noQuorum } from '../quorum/noQuorum';

/** Used before `open`, or after `close`. */
export function notOpened(context: ContextLike): ApplicationException {
  return new InvalidStateException(traceIdOf(context), ErrorCode.NOT_OPENED, 'The lock is not open: call open() first');
}

/** Closed while a call was under way. */
export function closed(context: ContextLike): ApplicationException {
  return new InvalidStateException(traceIdOf(context), ErrorCode.CLOSED, 'The lock was closed meanwhile');
}

/** Held by another, to the end. */
export function lockTimeout(context: ContextLike, key: string, answers: readonly Answer[]): ApplicationException {
  const message = `The lock "${key}" is held by another, and was not released in time`;
  return new ConflictException(traceIdOf(context), ErrorCode.LOCK_TIMEOUT, message)
    .withDetails('key', key)
    .withDetails('masters', answers.map(describeAnswer).join('; '));
}

/** Too few masters could say who holds the lock. */
export function undecided(
  context: ContextLike,
  operation: 'acquire' | 'release',
  key: string,
  quorum: number,
  answers: readonly Answer[],
): ConnectionException {
  const what = `The lock "${key}" could not be ${operation}d`;
  const exception = noQuorum(context, what, quorum, answers.map(describeAnswer));
  exception.withDetails('key', key);
  return exception;
}

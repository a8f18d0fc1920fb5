import {
  ConflictException,
  InvalidStateException,
  type ApplicationException,
  type ConnectionException,
} from 'pip-services4-commons-node';
import { traceIdOf, type ContextLike } from '../contract/Context';
import { ErrorCode } from '../contract/ErrorCode';
import type { Answer } from '../quorum/Votes';
import { describeAnswer, noQuorum, type Said } from '../quorum/noQuorum';

/** Used before `open`, or after `close`. */
export function notOpened(context: ContextLike): ApplicationException {
  return new InvalidStateException(traceIdOf(context), ErrorCode.NOT_OPENED, 'The lock is not open: call open() first');
}

/** Closed while a call was under way. */
export function closed(context: ContextLike): ApplicationException {
  return new InvalidStateException(traceIdOf(context), ErrorCode.CLOSED, 'The lock was closed meanwhile');
}

/** Closed while the lock was held. One error for each lease: `withLock` puts the work's result on it. */
export function closedWhileHeld(context: ContextLike, keys: readonly string[]): ApplicationException {
  const message = `The lock ${quoted(keys)} was given back while it was held: close() was called`;
  return new InvalidStateException(traceIdOf(context), ErrorCode.CLOSED, message).withDetails('key', keys.join());
}

/** Held by another, to the end. */
export function lockTimeout(
  context: ContextLike,
  keys: readonly string[],
  answers: readonly Answer[],
): ApplicationException {
  // Nobody was asked where somebody of this very instance had it all the time.
  const holder = answers.length === 0 ? 'another caller of this instance' : 'another';
  const message = `The lock ${quoted(keys)} is held by ${holder}, and was not released in time`;
  return new ConflictException(traceIdOf(context), ErrorCode.LOCK_TIMEOUT, message)
    .withDetails('key', keys.join())
    .withDetails('masters', answers.map(describeAnswer).join('; '));
}

/** Gone while it was held. */
export function lost(context: ContextLike, keys: readonly string[], reason: string): ApplicationException {
  const message = `The lock ${quoted(keys)} was lost: ${reason}`;
  return new ConflictException(traceIdOf(context), ErrorCode.LOCK_LOST, message).withDetails('key', keys.join());
}

/** Released or handed over before. */
export function notHeld(context: ContextLike, keys: readonly string[]): ApplicationException {
  const message = `The lease of ${quoted(keys)} was released or handed over before`;
  return new InvalidStateException(traceIdOf(context), ErrorCode.NOT_HELD, message).withDetails('key', keys.join());
}

const DONE = { acquire: 'acquired', release: 'released', extend: 'extended', adopt: 'adopted' } as const;

/** Too few masters could say who holds the lock. */
export function undecided(
  context: ContextLike,
  operation: keyof typeof DONE,
  keys: readonly string[],
  quorum: number,
  masters: readonly Said[],
): ConnectionException {
  const what = `The lock ${quoted(keys)} could not be ${DONE[operation]}`;
  const exception = noQuorum(context, what, quorum, masters);
  exception.withDetails('key', keys.join());
  return exception;
}

function quoted(keys: readonly string[]): string {
  return keys.map((key) => `"${key}"`).join(', ');
}

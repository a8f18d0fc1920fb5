import {
  ConflictException,
  InvalidStateException,
  type ApplicationException,
  type ConnectionException,
} from 'pip-services4-commons-node';
import { traceIdOf, type ContextLike } from '../contract/Context';
import { ErrorCode } from '../contract/ErrorCode';
import type { Answer } from '../quorum/Votes';
import { describeAnswer, noQuorum, type Said, type Voters } from '../quorum/noQuorum';

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

/** What was tried for. */
interface Wanted {
  readonly context: ContextLike;
  readonly keys: readonly string[];
  /** Null where none was given. */
  readonly timeoutMs: number | null;
}

/** Held by another, to the end. Says for how long and how often it was tried, and what ended that. */
export function lockTimeout(
  { context, keys, timeoutMs }: Wanted,
  { answers, attempts }: { readonly answers: readonly Answer[]; readonly attempts: number },
  startedMs: number,
  retries: number,
): ApplicationException {
  const waitedMs = Math.round(performance.now() - startedMs);
  // Nobody was asked where somebody of this very instance had it all the time.
  const holder = answers.length === 0 ? 'another caller of this instance' : 'another';
  const tried = `${attempts} ${attempts === 1 ? 'attempt' : 'attempts'} in ${waitedMs} ms`;
  const inLine = attempts === 0 ? ', for it waited behind other callers of this instance' : '';
  const message =
    `The lock ${quoted(keys)} is held by ${holder}, and was not released in time: ${tried}${inLine}. ` +
    endOfWait(timeoutMs, waitedMs, retries) +
    withoutExpiry(answers);
  return new ConflictException(traceIdOf(context), ErrorCode.LOCK_TIMEOUT, message)
    .withDetails('key', keys.join())
    .withDetails('attempts', attempts)
    .withDetails('waitedMs', waitedMs)
    .withDetails('masters', answers.map(describeAnswer).join('; '));
}

function endOfWait(timeoutMs: number | null, waitedMs: number, retries: number): string {
  if (timeoutMs === null)
    return `Without a timeout, options.retries (${retries}) ends the wait: pass one to wait longer`;
  if (waitedMs < timeoutMs) return `options.retries (${retries}) ended the wait before its timeout of ${timeoutMs} ms`;
  return `Its timeout was ${timeoutMs} ms`;
}

/** Every lock of this library expires, so that waiting for what does not is usually in vain. */
function withoutExpiry(answers: readonly Answer[]): string {
  const endless = answers.filter(({ vote }) => vote?.kind === 'taken' && vote.remainingMs === null).length;
  if (endless === 0) return '';
  const where = `On ${endless} of ${answers.length} ${answers.length === 1 ? 'master' : 'masters'}`;
  return (
    `. ${where} the key has no expiry, so that it stays until somebody deletes it: ` +
    'it may be a plain key of somebody else, and no lock'
  );
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
  voters: Voters,
  masters: readonly Said[],
): ConnectionException {
  const what = `The lock ${quoted(keys)} could not be ${DONE[operation]}`;
  const exception = noQuorum(context, what, voters, masters);
  exception.withDetails('key', keys.join());
  return exception;
}

function quoted(keys: readonly string[]): string {
  return keys.map((key) => `"${key}"`).join(', ');
}

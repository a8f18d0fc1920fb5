import { ConnectionException } from 'pip-services4-commons-node';
import { traceIdOf, type ContextLike } from '../contract/Context';
import { ErrorCode } from '../contract/ErrorCode';
import type { Answer } from './Votes';

/**
 * Too few masters answered for anybody to know.
 *
 * @param what what could not be done, as the start of a sentence
 * @param needed how many masters would have had to agree
 * @param masters what each master said, its address first
 */
export function noQuorum(
  context: ContextLike,
  what: string,
  needed: number,
  masters: readonly string[],
): ConnectionException {
  const message = `${what}: too few of ${masters.length} masters answered, ${needed} have to agree. ${masters.join('; ')}`;
  const exception = new ConnectionException(traceIdOf(context), ErrorCode.NO_QUORUM, message);
  exception.withDetails('masters', masters.join('; '));
  return exception;
}

/** One master's answer in words, its address first. */
export function describeAnswer({ address, vote }: Answer): string {
  switch (vote?.kind) {
    case undefined:
      return `${address}: not waited for`;
    case 'granted':
      return `${address}: granted`;
    case 'taken':
      return vote.remainingMs === null ? `${address}: taken` : `${address}: taken for ${vote.remainingMs} ms more`;
    case 'absent':
      return `${address}: does not hold it`;
    case 'none':
      return `${address}: ${vote.error.kind} (${vote.error.message})`;
  }
}

import { ConnectionException } from 'pip-services4-commons-node';
import { traceIdOf, type ContextLike } from '../contract/Context';
import { ErrorCode } from '../contract/ErrorCode';
import { isFinal, type MasterError } from '../master/MasterError';
import { GONE, type Answer } from './Votes';

/** What one master said, in words. */
export interface Said {
  readonly address: string;
  readonly words: string;
  /** Null where it could vote, or was not waited for. */
  readonly error: MasterError | null;
  readonly couldVote: boolean;
}

/** The masters that are asked, as far as messages speak of them. */
export interface Voters {
  /** How many have to agree. */
  readonly size: number;
  /** How messages name the master at an address. */
  labelOf(address: string): string;
}

/**
 * Too few masters could say. The message names each master by its connection too; the details by its address alone.
 *
 * @param what what could not be done, as the start of a sentence
 */
export function noQuorum(
  context: ContextLike,
  what: string,
  voters: Voters,
  masters: readonly Said[],
): ConnectionException {
  const able = masters.filter(({ couldVote }) => couldVote).length;
  const noun = masters.length === 1 ? 'master' : 'masters';
  const said = masters.map(({ address, words }) => `${address}: ${words}`).join('; ');
  const count = `${able} of ${masters.length} ${noun} could vote, and the quorum is ${voters.size}`;
  const message = `${what}: ${count}. ${grouped(masters, voters)}`;
  const exception = new ConnectionException(traceIdOf(context), ErrorCode.NO_QUORUM, message);
  exception.withDetails('masters', said);
  const cause = causeOf(masters);
  // Pip.Services keeps the text of a cause alone; a caller wants to see its kind and its master.
  if (cause !== null) Object.assign(exception, { cause });
  return exception;
}

/** Masters that said the same are named together. */
function grouped(masters: readonly Said[], voters: Voters): string {
  const byWords = new Map<string, string[]>();
  for (const { address, words } of masters) {
    byWords.set(words, [...(byWords.get(words) ?? []), voters.labelOf(address)]);
  }
  return [...byWords].map(([words, labels]) => `${listed(labels)}: ${words}`).join('; ');
}

function listed(labels: readonly string[]): string {
  const last = labels.at(-1) ?? '';
  return labels.length < 2 ? last : `${labels.slice(0, -1).join(', ')} and ${last}`;
}

/** What only a change of the configuration can mend says the most. */
function causeOf(masters: readonly Said[]): MasterError | null {
  const errors = masters.flatMap(({ error }) => (error === null ? [] : [error]));
  return errors.find(({ kind }) => isFinal(kind)) ?? errors[0] ?? null;
}

/** One master's vote in words. */
export function saidIn({ address, vote }: Answer): Said {
  const couldVote = vote !== null && vote.kind !== 'none';
  return { address, words: wordsOf(vote), error: vote?.kind === 'none' ? vote.error : null, couldVote };
}

/** One master's answer in words, its address first. */
export function describeAnswer({ address, vote }: Answer): string {
  return `${address}: ${wordsOf(vote)}`;
}

function wordsOf(vote: Answer['vote']): string {
  switch (vote?.kind) {
    case undefined:
      return 'not waited for';
    case 'granted':
      return 'granted';
    case 'taken':
      if (vote === GONE) return 'does not hold it any more';
      return vote.remainingMs === null ? 'taken, without an expiry' : `taken for ${vote.remainingMs} ms more`;
    case 'absent':
      return 'does not hold it';
    case 'none':
      return describeFault(vote.error);
  }
}

/** The kind of an error, and what it says. */
export function describeFault({ kind, message }: MasterError): string {
  return `${kind} (${message})`;
}

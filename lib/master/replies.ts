import { types } from 'node:util';
import { MasterError } from './MasterError';

/** Whether an error is what a server has answered, as ioredis hands it on. */
export function isReply(error: unknown): error is Error {
  return types.isNativeError(error) && error.name === 'ReplyError';
}

/** How much of a text is shown that a master has answered in place of what was asked for. */
const SHOWN = 80;

/** A master may answer anything: what it says is read, and never taken for what it should be. */

/**
 * @returns a whole number that a double can count, as it is or written out, as Lua writes large ones; null for anything
 *   else
 */
export function wholeIn(reply: unknown, least = 0, most = Number.MAX_SAFE_INTEGER): number | null {
  const isNumber = typeof reply === 'number' || (typeof reply === 'string' && /^-?\d{1,16}$/.test(reply));
  const number = isNumber ? Number(reply) : NaN;
  return Number.isSafeInteger(number) && number >= least && number <= most ? number : null;
}

/** @returns a list as it is, and any other reply as a list of one. */
export function listIn(reply: unknown): readonly unknown[] {
  return Array.isArray(reply) ? (reply as readonly unknown[]) : [reply];
}

/** The fault of a master that has answered what no server should. */
export function unreadable(address: string, reply: unknown): MasterError {
  return new MasterError(address, 'unexpected', `answered ${shown(reply)}`);
}

/** Never the text of a whole list: it may be as deep as the master likes. */
function shown(reply: unknown): string {
  if (typeof reply === 'string') return JSON.stringify(reply.slice(0, SHOWN));
  if (typeof reply === 'number') return String(reply);
  if (Array.isArray(reply)) return 'a list';
  return reply === null || reply === undefined ? 'nothing' : 'a reply of another type';
}

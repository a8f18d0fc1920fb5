import dns, { type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';

type Callback = Parameters<LookupFunction>[2];

/** Who waits for each look-up that is under way, by its name and options. */
const pending = new Map<string, Callback[]>();

/**
 * Looks a name up for a socket. However many sockets of this process ask for it, one question is under way: a look-up
 * cannot be taken back, and each one that is not answered occupies one of the few threads that look names up.
 */
export const lookUp: LookupFunction = (name, options, callback) => {
  const question = questionFor(name, options);
  const waiting = pending.get(question);
  if (waiting !== undefined) {
    waiting.push(callback);
    return;
  }
  const callbacks = [callback];
  pending.set(question, callbacks);
  const onAnswer = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number): void => {
    pending.delete(question);
    for (const each of callbacks) each(error, address, family);
  };
  try {
    dns.lookup(name, options, onAnswer);
  } catch (error) {
    pending.delete(question);
    throw error;
  }
};

/** Whether a name is being looked up. */
export function isBeingLookedUp(name: string): boolean {
  return [...pending.keys()].some((question) => question.startsWith(`${name} `));
}

function questionFor(name: string, { family, hints, all }: Parameters<LookupFunction>[1]): string {
  return `${name} ${family} ${hints} ${all}`;
}

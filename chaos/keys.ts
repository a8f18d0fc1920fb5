/** Before every key of a run: locks are told by it from what else is on a master. */
export const KEY_PREFIX = 'chaos:';

/** The keys that all workers contend for. */
export const CONTENDED: readonly string[] = ['red', 'green', 'blue'];

/**
 * Then the worker's name and a number: keys that nobody else asks for, acquired with a ttl beyond the end of the run, so
 * that a ghost which any moment of the run has left is still there at its end.
 */
export const PROBE = 'probe:';

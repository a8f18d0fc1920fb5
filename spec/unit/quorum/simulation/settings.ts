/** Times are in steps of the simulation; most messages take less than five. */
export const TTL = 120;
/** For how long a lock is certain to be held, however clocks drift. */
export const VALID = TTL - 3;
/** For how long a master that forgot has no vote: not below the longest ttl. */
export const GUARD = TTL;
/** For how long a process waits for one master. */
export const PATIENCE = 40;
/** Microseconds in a step, which all clocks count. */
export const MICROS = 1000;
export const CLIENTS = 5;
export const KEYS = 6;

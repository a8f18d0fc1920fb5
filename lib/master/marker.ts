/**
 * The key of the marker that every admitted master carries: a hash of the server's run, the end of its quarantine in the
 * master's own time (0 where there is none), the longest guard that anybody asked for, and the nonces of the founding;
 * `highest` and `forgot` are for fencing. While a master waits for its admission, there is only its own nonce in it, and
 * the run that drew it: one that comes back with a snapshot of that moment is not as new as it was then. `name` and
 * `started` are those of a server that does not name its runs itself. Being a hash, the marker can never be mistaken for a
 * lock.
 */
export const MARKER = 'redlock:guard';

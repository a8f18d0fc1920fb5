/**
 * The stable codes of the exceptions that this library throws; what a caller may branch on. Messages may change, codes
 * do not.
 */
export const ErrorCode = {
  /** No connection is configured. */
  NO_CONNECTION: 'NO_CONNECTION',
  /** An option, or the quorum, is out of its range. */
  BAD_OPTION: 'BAD_OPTION',
  /** A connection or its credential cannot be read, or cannot be resolved. */
  BAD_CONNECTION: 'BAD_CONNECTION',
  /** Two connections name one endpoint, or reach one and the same server. */
  DUPLICATE_MASTER: 'DUPLICATE_MASTER',
  /** A connection reaches a replica. */
  NOT_A_MASTER: 'NOT_A_MASTER',
  /** Used before `open`, or after `close`. */
  NOT_OPENED: 'NOT_OPENED',
  /** Closed while the call was under way, or while the lease was held. */
  CLOSED: 'CLOSED',
  /** The key is empty or too long. */
  BAD_KEY: 'BAD_KEY',
  /** The ttl is not a whole number of ms in its range. */
  BAD_TTL: 'BAD_TTL',
  /** The timeout is not a whole number of ms in its range. */
  BAD_TIMEOUT: 'BAD_TIMEOUT',
  /** The lock was still held by another when the wait ended. */
  LOCK_TIMEOUT: 'LOCK_TIMEOUT',
  /** Too few masters could vote. */
  NO_QUORUM: 'NO_QUORUM',
  /** The lock was lost while it was held. */
  LOCK_LOST: 'LOCK_LOST',
  /** The lease was released or handed over before. */
  NOT_HELD: 'NOT_HELD',
  /** A string is not `group:type:kind:name:version`. */
  BAD_DESCRIPTOR: 'BAD_DESCRIPTOR',
  /** A required component is not in the references (the code that Pip.Services gives it). */
  REF_ERROR: 'REF_ERROR',
  /** The factory creates nothing of that name (the code that Pip.Services gives it). */
  CANNOT_CREATE: 'CANNOT_CREATE',
} as const;

/** One of the stable codes in {@link ErrorCode}. */
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

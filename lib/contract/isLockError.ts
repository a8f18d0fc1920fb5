import { ErrorCode } from './ErrorCode';

/** An error that a lock has raised: an exception of Pip.Services, with one of the codes in {@link ErrorCode}. */
export interface LockError<Code extends ErrorCode = ErrorCode> extends Error {
  readonly code: Code;
  /** The category of Pip.Services, such as `Conflict`. */
  readonly category: string;
  /** The status that a REST service answers with. */
  readonly status: number;
  /** The trace id of the call. */
  readonly trace_id?: string | null | undefined;
  /** What the work under `withLock` has returned; there with LOCK_LOST alone. */
  readonly result?: unknown;
}

const CODES: ReadonlySet<unknown> = new Set(Object.values(ErrorCode));

/**
 * Whether a lock has raised this error, and with one of these codes. It looks at the shape of the error: an `instanceof`
 * fails on an error of another copy of this package, or of another context of `node:vm`.
 *
 * @param codes any code when none is given
 *
 * ### Example ###
 *
 * ```ts
 * catch (error) {
 *   if (!isLockError(error, 'LOCK_TIMEOUT', 'NO_QUORUM')) throw error;
 *   console.log(error.code);
 * }
 * ```
 */
export function isLockError<Code extends ErrorCode = ErrorCode>(
  error: unknown,
  ...codes: readonly Code[]
): error is LockError<Code> {
  if (typeof error !== 'object' || error === null) return false;
  const { code, category, status, message } = error as Partial<LockError>;
  // Errors of Node and of other packages have codes too, and one of them might be spelled alike.
  if (typeof category !== 'string' || typeof status !== 'number' || typeof message !== 'string') return false;
  return codes.length > 0 ? codes.includes(code as Code) : CODES.has(code);
}

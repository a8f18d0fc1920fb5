import type { LockOptions } from '../config/LockOptions';
import type { ContextLike } from '../contract/Context';
import { checkFencing, checkKeys, checkNames, checkTtl } from './arguments';
import type { Keeping, Wish } from './Contest';
import type { AdoptOptions, LeaseOptions } from './LeaseOptions';

/**
 * The wish of one call, whose options were checked before.
 *
 * @throws BadRequestException BAD_KEY, BAD_TTL
 */
export function wishOf(
  context: ContextLike,
  keys: string | readonly string[],
  ttlMs: number,
  options: LeaseOptions,
): Wish {
  const checked = checkKeys(context, keys);
  checkTtl(context, ttlMs);
  const keeping = keepingOf(options);
  const timeoutMs = options.timeout ?? null;
  return {
    context,
    keys: checked,
    // The lock is never held for longer than its longest hold.
    ttlMs: Math.min(ttlMs, keeping.maxHoldMs),
    timeoutMs,
    deadlineMs: timeoutMs === null || timeoutMs === 0 ? Infinity : performance.now() + timeoutMs,
    signal: options.signal ?? null,
    keeping,
    fencing: options.fencing ?? false,
  };
}

/**
 * What depends on the configuration of the lock.
 *
 * @throws BadRequestException BAD_KEY
 * @throws ConfigException BAD_OPTION
 */
export function checkWish({ context, keys, fencing }: Wish, options: LockOptions): void {
  checkNames(context, keys, options);
  if (fencing) checkFencing(context, options);
}

/** How a lease is kept, by its options. */
export function keepingOf({ autoRenew, maxHold }: AdoptOptions): Keeping {
  return { isRenewed: autoRenew ?? false, maxHoldMs: maxHold ?? Infinity };
}

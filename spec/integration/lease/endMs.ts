import type { Lease } from '../../../lib';

/** Until when a lease is certain to be held, on the monotonic clock; 0 when it is not held any more. */
export function endMs(lease: Lease): number {
  const nowMs = performance.now();
  return lease.isValid() ? nowMs + lease.remaining() : 0;
}

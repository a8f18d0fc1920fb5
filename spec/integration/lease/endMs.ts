import type { Lease } from '../../../lib';
import { until } from '../../support/until';

/** Until when a lease is certain to be held, on the monotonic clock; 0 when it is not held any more. */
export function endMs(lease: Lease): number {
  const nowMs = performance.now();
  return lease.isValid() ? nowMs + lease.remaining() : 0;
}

/** The latest end that a lease had until its signal fired, on the monotonic clock. */
export async function lastEndMs(lease: Lease): Promise<number> {
  const { signal } = lease;
  let latestMs = 0;
  await until(() => {
    latestMs = Math.max(latestMs, endMs(lease));
    return signal.aborted;
  }, 'its signal has fired');
  return latestMs;
}

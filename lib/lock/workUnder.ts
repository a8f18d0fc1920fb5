import type { Lease } from '../lease/Lease';

/** Does the work, and gives the lease back whatever comes of it. */
export async function workUnder<T>(lease: Lease, work: (lease: Lease) => Promise<T>): Promise<T> {
  try {
    const result = await work(lease);
    const { signal } = lease;
    if (!signal.aborted) return result;
    throw Object.assign(signal.reason as Error, { result });
  } finally {
    // What goes wrong with it is told to the observers, and the lock ends with its ttl.
    await lease.release().catch(() => {});
  }
}

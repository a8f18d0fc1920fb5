import type { ContextLike } from '../contract/Context';
import type { Lease } from '../lease/Lease';
import type { ReleaseOutcome } from '../lease/ReleaseOutcome';
import { lost } from './errors';

/** Does the work, and gives the lease back whatever comes of it. */
export async function workUnder<T, Held extends Lease>(
  context: ContextLike,
  lease: Held,
  work: (lease: Held) => Promise<T>,
): Promise<T> {
  let result: T;
  try {
    result = await work(lease);
  } catch (error) {
    await release(lease);
    throw error;
  }
  // A signal that has fired stays so; a lock that was lost without a sign is found out by its release.
  const { signal } = lease;
  const kind = await release(lease);
  if (signal.aborted) throw Object.assign(signal.reason as Error, { result });
  if (kind === 'taken')
    throw Object.assign(lost(context, lease.keys, 'the masters did not hold it any more when it was released'), {
      result,
    });
  return result;
}

/** What goes wrong with it is told to the observers, and the lock ends with its ttl. */
async function release(lease: Lease): Promise<ReleaseOutcome['kind']> {
  return lease.release().then(
    ({ kind }) => kind,
    () => 'unreachable',
  );
}

import type { Master } from '../../support/Master';
import { valuesOn } from '../lock/locks';

/**
 * Remembers what stands under a key now, on each of the masters.
 *
 * @returns whether all of that is still there. A master that had nothing may have got it late meanwhile: it was not
 *   needed for the quorum.
 */
export async function keptOn(masters: readonly Master[], key: string): Promise<() => Promise<boolean>> {
  const former = await valuesOn(masters, key);
  return async () => {
    const present = await valuesOn(masters, key);
    return former.every((value, index) => value === null || value === present[index]);
  };
}

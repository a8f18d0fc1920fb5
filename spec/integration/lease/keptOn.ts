import { expect } from 'chai';
import type { Master } from '../../support/Master';
import { valuesOn } from '../lock/locks';

/**
 * Remembers where the token stands that most of the masters have under a key now.
 *
 * @returns whether it still stands on each of these. What another master has, a lock that ends or an attempt in vain, it
 *   may lose meanwhile, and the token may come there late: it was not needed for the quorum.
 */
export async function keptOn(masters: readonly Master[], key: string): Promise<() => Promise<boolean>> {
  const former = await valuesOn(masters, key);
  const most = (token: unknown): boolean => former.filter((value) => value === token).length > masters.length / 2;
  const held = former.find((value) => value !== null && most(value)) ?? expect.fail('most of them have no token');
  return async () => {
    const present = await valuesOn(masters, key);
    return former.every((value, index) => value !== held || present[index] === held);
  };
}

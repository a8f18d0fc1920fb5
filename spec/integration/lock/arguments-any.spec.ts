import { expect } from 'chai';
import fc from 'fast-check';
import { isLockError } from '../../../lib';
import { addressesOf, UNHURRIED, useLocks, useMasters } from './locks';

const BARE = Object.create(null) as object;

const VALUES: readonly unknown[] = [
  ...[
    null,
    undefined,
    true,
    0,
    -0,
    -1,
    1.5,
    1000,
    NaN,
    Infinity,
    2 ** 31,
    2 ** 53,
    10n,
    '',
    'a',
    '\ud800',
    '__proto__',
  ],
  ...[
    {},
    [],
    ['a'],
    ['a', 'a'],
    [''],
    [null],
    [[]],
    Symbol('x'),
    () => 'a',
    new Map(),
    /a/,
    { timeout: 0 },
    new Date(0),
  ],
  ...[BARE, [BARE], { toString: null, valueOf: null }, { fencing: true, timeout: 0 }],
];

describe('Any key, ttl and options', () => {
  const locks = useLocks();
  const masters = useMasters(1);

  it('are refused with a documented code, or end in a lock that is given back', async () => {
    const lock = await locks.open({ connections: addressesOf(masters), options: UNHURRIED });
    const any = fc.constantFrom(...VALUES);
    const oftenRight = (right: unknown): fc.Arbitrary<unknown> => fc.oneof(fc.constant(right), any);
    await fc.assert(
      fc.asyncProperty(oftenRight('a'), oftenRight(60_000), oftenRight({ timeout: 0 }), async (keys, ttl, options) => {
        try {
          const lease = await lock.acquireLease(null, keys as never, ttl as never, options as never);
          for (const key of lease.keys) expect(await masters[0]?.command('EXISTS', key)).to.equal(1);
          expect((await lease.release()).kind).to.equal('released');
        } catch (error) {
          if (!isLockError(error)) throw error;
        }
      }),
      { seed: 20261130, numRuns: 300, endOnFailure: true },
    );
    expect(await masters[0]?.command('KEYS', '*')).to.deep.equal(['redlock:guard']);
  });
});

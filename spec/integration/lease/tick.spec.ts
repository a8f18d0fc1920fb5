import { expect } from 'chai';
import type { ReleaseOptions } from '../../../lib';
import { addressesOf, UNHURRIED, useLocks, useMasters } from '../lock/locks';

const TTL = 60_000;

describe('A job that three hosts start at one tick, one after the other', () => {
  const locks = useLocks();
  const masters = useMasters(3);

  /** How many hosts do the job, where each tries once and releases like this. */
  async function runs(release?: ReleaseOptions): Promise<number> {
    const config = { connections: addressesOf(masters), options: UNHURRIED };
    const hosts = await Promise.all([1, 2, 3].map(() => locks.open(config)));
    let done = 0;
    for (const host of hosts) {
      const lease = await host.tryAcquireLease('123', 'job/2026-11-30T18:52', TTL);
      if (lease === null) continue;
      done += 1;
      await lease.release(release);
    }
    return done;
  }

  it('runs once where the lock is kept after the work', async () => {
    expect(await runs({ keepFor: TTL })).to.equal(1);
  });

  it('runs on each of them where the lock is released', async () => {
    expect(await runs()).to.equal(3);
  });

  it('runs again at the next tick, while the last one is kept', async () => {
    await runs({ keepFor: TTL });
    const next = await locks.open({ connections: addressesOf(masters), options: UNHURRIED });

    expect(await next.tryAcquireLease('123', 'job/2026-11-30T18:53', TTL)).not.to.equal(null);
  });
});

import { expect } from 'chai';
import { wishOf } from '../../../lib/lock/wishOf';

describe('A wish', () => {
  it('has no deadline without a timeout, nor where it is for one attempt, whenever its turn comes', () => {
    for (const options of [{}, { timeout: 0 }]) {
      expect(wishOf('123', 'key', 1000, options)).to.include({ deadlineMs: Infinity });
    }
  });

  it('has its deadline after its timeout', () => {
    const beforeMs = performance.now();
    const { deadlineMs, timeoutMs } = wishOf('123', 'key', 1000, { timeout: 500 });

    expect(timeoutMs).to.equal(500);
    expect(deadlineMs).to.be.within(beforeMs + 500, performance.now() + 500);
  });

  it('asks for no longer a ttl than its longest hold', () => {
    expect(wishOf('123', 'key', 1000, { maxHold: 300 })).to.include({ ttlMs: 300 });
    expect(wishOf('123', 'key', 1000, { maxHold: 3000 })).to.include({ ttlMs: 1000 });
  });
});

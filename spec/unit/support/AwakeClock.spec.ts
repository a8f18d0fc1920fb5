import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { AwakeClock, awakeMs } from '../../support/AwakeClock';

describe('AwakeClock', () => {
  let clock: AwakeClock;
  beforeEach(() => {
    clock = new AwakeClock();
  });
  afterEach(() => clock.stop());

  it('counts the time in which the process runs, or waits for nothing but time', async () => {
    // As many ticks as it takes, on a machine that is busy.
    while (clock.ms < 60) await sleep(1);
    expect(clock.ms).to.be.at.least(60);
  });

  it('never counts more than what has passed', async () => {
    const startedMs = performance.now();
    const later = new AwakeClock();
    await sleep(30);
    const { ms } = later;
    later.stop();
    expect(ms).to.be.at.most(performance.now() - startedMs);
  });

  it('stands still while the process is stopped', async () => {
    const startedMs = performance.now();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
    const { ms } = clock;
    expect(performance.now() - startedMs - ms).to.be.at.least(270);
  });

  it('times work that is done, and rejects with what the work rejects with', async () => {
    expect(await awakeMs(() => sleep(20))).to.be.above(0);
    const error = new Error('its own');
    expect(await awakeMs(() => Promise.reject(error)).catch((reason: unknown) => reason)).to.equal(error);
  });
});

import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { RunningClock, timed } from '../../support/RunningClock';

function block(forMs: number): void {
  const startedMs = performance.now();
  while (performance.now() - startedMs < forMs);
}

describe('RunningClock', () => {
  it('is never ahead of time, and goes on while the process waits', async () => {
    const startedMs = performance.now();
    const clock = new RunningClock();
    const formerMs = clock.elapsedMs();
    await sleep(50);
    const ranMs = clock.elapsedMs();
    clock.stop();

    expect(ranMs)
      .to.be.above(formerMs)
      .and.at.most(performance.now() - startedMs);
  });

  it('stands still while the process does', () => {
    const clock = new RunningClock();
    block(200);
    expect(clock.elapsedMs()).to.be.at.most(10);
    clock.stop();
  });

  it('times work, and leaves no timer behind, also where the work fails', async () => {
    const { value, ranMs } = await timed(async () => 'done');
    expect(value).to.equal('done');
    expect(ranMs).to.be.at.least(0);
    const failed = await timed(() => Promise.reject(new Error('failed'))).catch((error: unknown) => error);
    expect(failed).to.have.property('message', 'failed');
  });
});

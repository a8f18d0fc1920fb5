import { expect } from 'chai';
import { useFakeTimers, type SinonFakeTimers } from 'sinon';
import { Stopwatch, systemClock, type Clock } from '../../../lib/quorum/Stopwatch';

/** A clock whose hands are set by the spec. */
class SetClock implements Clock {
  monotonic = 1_000;
  wall = 1_700_000_000_000;
  monotonicMs = (): number => this.monotonic;
  wallMs = (): number => this.wall;
}

describe('Stopwatch', () => {
  const after = (monotonicMs: number, wallMs: number): number => {
    const clock = new SetClock();
    const stopwatch = new Stopwatch(clock);
    clock.monotonic += monotonicMs;
    clock.wall += wallMs;
    return stopwatch.elapsedMs();
  };

  it('starts at nothing', () => {
    expect(after(0, 0)).to.equal(0);
  });

  it('reads what both clocks say', () => {
    expect(after(250, 250)).to.equal(250);
  });

  it('takes the wall clock where the machine slept and the monotonic one stood still', () => {
    expect(after(10, 60_010)).to.equal(60_010);
  });

  it('takes the monotonic clock where the wall clock was set back', () => {
    expect(after(10, -3_600_000)).to.equal(10);
  });

  it('never goes back, where the wall clock was set forward and right again', () => {
    const clock = new SetClock();
    const stopwatch = new Stopwatch(clock);
    clock.wall += 60_000;
    expect(stopwatch.elapsedMs()).to.equal(60_000);
    clock.wall -= 60_000;
    clock.monotonic += 10;
    expect(stopwatch.elapsedMs()).to.equal(60_000);
  });

  it('is too long, never too short, where the wall clock was set forward', () => {
    expect(after(10, 3_600_000)).to.equal(3_600_000);
  });

  it('counts from its own start, not from one before it', () => {
    const clock = new SetClock();
    const first = new Stopwatch(clock);
    clock.monotonic += 30;
    clock.wall += 30;
    const second = new Stopwatch(clock);
    clock.monotonic += 5;
    clock.wall += 5;

    expect([first.elapsedMs(), second.elapsedMs()]).to.eql([35, 5]);
  });

  describe('on the clocks of this process', () => {
    let time: SinonFakeTimers;
    beforeEach(() => {
      time = useFakeTimers({ toFake: ['Date', 'performance'] });
    });
    afterEach(() => time.restore());

    it('goes with both, and with the wall clock alone when that is set forward', () => {
      const stopwatch = new Stopwatch(systemClock);
      time.tick(40);
      expect(stopwatch.elapsedMs()).to.equal(40);

      time.setSystemTime(Date.now() + 1_000);
      expect(stopwatch.elapsedMs()).to.equal(1_040);
    });

    it('does not go back with the wall clock', () => {
      const stopwatch = new Stopwatch(systemClock);
      time.tick(40);
      time.setSystemTime(Date.now() - 1_000);

      expect(stopwatch.elapsedMs()).to.equal(40);
    });
  });
});

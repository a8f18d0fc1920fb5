import { expect } from 'chai';
import { useFakeTimers, type SinonFakeTimers } from 'sinon';
import { Countdown } from '../../../lib/wait/Countdown';

const LONGEST_MS = 2_147_483_647;

describe('Countdown', () => {
  let clock: SinonFakeTimers;
  let endsMs: number;
  let endedMs: number[];

  beforeEach(() => {
    clock = useFakeTimers();
    endsMs = 1000;
    endedMs = [];
  });
  afterEach(() => {
    clock.restore();
  });

  const create = (): Countdown =>
    new Countdown(
      () => Math.max(0, endsMs - performance.now()),
      () => endedMs.push(performance.now()),
    );

  it('calls back once, when nothing remains', () => {
    create().start();
    clock.tick(999);
    expect(endedMs).to.eql([]);

    clock.tick(5000);
    expect(endedMs).to.eql([1000]);
    expect(clock.countTimers()).to.equal(0);
  });

  it('goes on where something remains after all when its timer fires', () => {
    create().start();
    endsMs = 1500;
    clock.tick(1499);
    expect(endedMs).to.eql([]);

    clock.tick(1);
    expect(endedMs).to.eql([1500]);
  });

  it('never fires early for a fraction of a ms', () => {
    endsMs = 1000.4;
    create().start();
    clock.tick(1000);
    expect(endedMs).to.eql([]);

    clock.tick(1);
    expect(endedMs).to.eql([1001]);
  });

  it('is started anew for less or for more, with one timer at a time', () => {
    const countdown = create();
    countdown.start();
    endsMs = 200;
    countdown.start();
    expect(clock.countTimers()).to.equal(1);
    clock.tick(200);
    expect(endedMs).to.eql([200]);

    endsMs = 600;
    countdown.start();
    clock.tick(400);
    expect(endedMs).to.eql([200, 600]);
  });

  it('stands still once it is stopped', () => {
    const countdown = create();
    countdown.start();
    countdown.stop();
    expect(clock.countTimers()).to.equal(0);

    clock.tick(5000);
    expect(endedMs).to.eql([]);
  });

  it('counts down more than a timer can', () => {
    endsMs = 2 * LONGEST_MS + 10;
    create().start();
    clock.tick(2 * LONGEST_MS + 9);
    expect(endedMs).to.eql([]);

    clock.tick(1);
    expect(endedMs).to.eql([2 * LONGEST_MS + 10]);
  });

  it('does not keep the process alive', () => {
    clock.restore();
    const before = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const countdown = new Countdown(
      () => 1000,
      () => {},
    );
    countdown.start();
    const after = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    countdown.stop();

    expect(after).to.equal(before);
  });
});

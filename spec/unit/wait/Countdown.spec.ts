import { expect } from 'chai';
import { useFakeTimers, type SinonFakeTimers } from 'sinon';
import { Countdowns, type Countdown } from '../../../lib/wait/Countdown';

/** Above what a timer of Node can wait. */
const VERY_LONG_MS = 3_000_000_000;

describe('Countdown', () => {
  let clock: SinonFakeTimers;
  let countdowns: Countdowns;
  let endsMs: number;
  let endedMs: number[];

  beforeEach(() => {
    clock = useFakeTimers();
    countdowns = new Countdowns();
    endsMs = 1000;
    endedMs = [];
  });
  afterEach(() => {
    clock.restore();
  });

  const create = (): Countdown =>
    countdowns.create(
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
    endsMs = VERY_LONG_MS;
    create().start();
    clock.tick(10_000);
    expect(endedMs).to.eql([]);
    endsMs = 12_345;
    clock.tick(10_000);
    expect(endedMs).to.eql([12_345]);
  });

  it('ends to the ms, however far its end was', () => {
    for (let index = 0; index < 100; index++) {
      const atMs = 1000 + 137 * index + index / 100;
      countdowns
        .create(
          () => Math.max(0, atMs - performance.now()),
          () => endedMs.push(performance.now() - Math.ceil(atMs)),
        )
        .start();
    }
    clock.tick(20_000);
    expect(endedMs).to.eql(new Array(100).fill(0));
    expect(clock.countTimers()).to.equal(0);
  });

  it('notices within a second that nothing remains all at once, far from its end and near it', () => {
    for (const leftMs of [500, 1000, 1001, 2000, 60_000]) {
      endsMs = performance.now() + leftMs;
      endedMs = [];
      create().start();
      const jumpedMs = performance.now();
      endsMs = 0;
      clock.tick(1000);
      expect(endedMs, String(leftMs)).to.have.length(1);
      expect(endedMs[0]).to.be.at.most(jumpedMs + 1000);
    }
  });

  it('shares one timer with ten thousand others', () => {
    endsMs = 60_000;
    const all = Array.from({ length: 10_000 }, create);
    for (const countdown of all) countdown.start();
    expect(clock.countTimers()).to.equal(1);
    clock.tick(30_000);
    expect(clock.countTimers()).to.equal(1);
    for (const countdown of all) countdown.stop();
    expect(clock.countTimers()).to.equal(0);
  });

  it('does not keep the process alive', () => {
    clock.restore();
    const before = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const countdown = countdowns.create(
      () => 1000,
      () => {},
    );
    countdown.start();
    const after = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    countdown.stop();

    expect(after).to.equal(before);
  });
});

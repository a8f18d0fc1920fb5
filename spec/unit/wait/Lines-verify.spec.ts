import { expect } from 'chai';
import { useFakeTimers, type SinonFakeTimers } from 'sinon';
import { Lines } from '../../../lib/wait/Lines';
import { Held } from './lineOf';

const LONG = 60_000;

describe('Lines with a holder in front verify its hold', () => {
  let time: SinonFakeTimers;
  let lines: Lines;
  let held: Held;

  beforeEach(() => {
    time = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    lines = new Lines(100);
    held = new Held(LONG);
  });
  afterEach(() => time.restore());

  it('each second while somebody waits', () => {
    lines.join('key').keep(held);
    lines.join('key');
    lines.join('key');
    time.tick(999);
    expect(held.verified).to.equal(0);
    time.tick(1);
    expect(held.verified).to.equal(1);
    time.tick(2000);
    expect(held.verified).to.equal(3);
  });

  it('no more often than others retry', () => {
    lines = new Lines(5000);
    lines.join('key').keep(held);
    lines.join('key');
    time.tick(4999);
    expect(held.verified).to.equal(0);
    time.tick(1);
    expect(held.verified).to.equal(1);
  });

  it('never while nobody waits, and leave no timer when the last one has given up', () => {
    const holder = lines.join('key');
    holder.keep(held);
    time.tick(10_000);
    expect(held.verified).to.equal(0);

    const [first, last] = [lines.join('key'), lines.join('key')];
    first.leave();
    expect(time.countTimers(), 'one waits').to.equal(2);
    last.leave();
    time.tick(10_000);
    expect(held.verified).to.equal(0);
    holder.leave();
    expect(time.countTimers()).to.equal(0);
  });

  it('each second too where many come and none stays for so long', () => {
    lines.join('key').keep(held);
    for (let visits = 0; visits < 100; visits += 1) {
      const waiter = lines.join('key');
      time.tick(50);
      waiter.leave();
    }

    expect(held.verified).to.equal(5);
  });

  it('at once when it has run out, so that its holder is told', () => {
    held.untilMs = 500;
    lines.join('key').keep(held);
    const next = lines.join('key');
    time.tick(499);
    expect(held.verified).to.equal(0);
    time.tick(1);
    expect(held.verified).to.equal(1);
    expect(next.isFirst).to.equal(true);
  });

  it('not when it has left, nor when all is closed', () => {
    const holder = lines.join('key');
    holder.keep(held);
    const next = lines.join('key');
    holder.leave();
    time.tick(2000);
    expect(held.verified).to.equal(0);

    next.keep(held);
    lines.join('key');
    void lines.close();
    expect(time.countTimers()).to.equal(0);
    lines.join('key');
    time.tick(2000);
    expect(held.verified).to.equal(0);
  });
});

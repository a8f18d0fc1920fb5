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

  it('each second while somebody waits', async () => {
    lines.join('key').keep(held);
    lines.join('key');
    lines.join('key');
    await time.tickAsync(999);
    expect(held.verified).to.equal(0);
    await time.tickAsync(1);
    expect(held.verified).to.equal(1);
    await time.tickAsync(2000);
    expect(held.verified).to.equal(3);
  });

  it('no more often than others retry', async () => {
    lines = new Lines(5000);
    lines.join('key').keep(held);
    lines.join('key');
    await time.tickAsync(4999);
    expect(held.verified).to.equal(0);
    await time.tickAsync(1);
    expect(held.verified).to.equal(1);
  });

  it('never while nobody waits, and leave no timer when the last one has given up', async () => {
    const holder = lines.join('key');
    holder.keep(held);
    await time.tickAsync(10_000);
    expect(held.verified).to.equal(0);

    const [first, last] = [lines.join('key'), lines.join('key')];
    first.leave();
    expect(time.countTimers(), 'one waits').to.equal(2);
    last.leave();
    await time.tickAsync(10_000);
    expect(held.verified).to.equal(0);
    holder.leave();
    expect(time.countTimers()).to.equal(0);
  });

  it('each second too where many come and none stays for so long', async () => {
    lines.join('key').keep(held);
    for (let visits = 0; visits < 100; visits += 1) {
      const waiter = lines.join('key');
      await time.tickAsync(50);
      waiter.leave();
    }

    expect(held.verified).to.equal(5);
  });

  it('at once when it has run out, so that its holder is told', async () => {
    held.untilMs = 500;
    lines.join('key').keep(held);
    const next = lines.join('key');
    await time.tickAsync(499);
    expect(held.verified).to.equal(0);
    await time.tickAsync(1);
    expect(held.verified).to.equal(1);
    expect(next.isFirst).to.equal(true);
  });

  it('one question at a time, and none for a hold that has gone meanwhile', async () => {
    let answer = (): void => {};
    held.verify = () => {
      held.verified += 1;
      return new Promise((resolve) => (answer = resolve));
    };
    const holder = lines.join('key');
    holder.keep(held);
    const next = lines.join('key');
    await time.tickAsync(5000);
    expect(held.verified).to.equal(1);
    answer();
    await time.tickAsync(0);
    expect(held.verified).to.equal(2);

    holder.leave();
    next.leave();
    answer();
    await time.tickAsync(5000);
    expect(held.verified).to.equal(2);
    expect(time.countTimers()).to.equal(0);
  });

  it('not when it has left, nor when all is closed', async () => {
    const holder = lines.join('key');
    holder.keep(held);
    const next = lines.join('key');
    holder.leave();
    await time.tickAsync(2000);
    expect(held.verified).to.equal(0);

    next.keep(held);
    lines.join('key');
    void lines.close();
    expect(time.countTimers()).to.equal(0);
    lines.join('key');
    await time.tickAsync(2000);
    expect(held.verified).to.equal(0);
  });
});

import { expect } from 'chai';
import { useFakeTimers, type SinonFakeTimers } from 'sinon';
import { Lines } from '../../../lib/wait/Lines';
import { Held, lineOf, settling } from './lineOf';

describe('Lines', () => {
  let time: SinonFakeTimers;
  let lines: Lines;
  let woken: string[];

  beforeEach(() => {
    time = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    lines = new Lines();
    woken = [];
  });
  afterEach(() => time.restore());

  it('give the turn in the order of arrival, to one at a time', async () => {
    const waiters = lineOf(lines, ['a', 'b', 'c', 'd'], woken);
    for (const [index, waiter] of waiters.entries()) {
      expect(waiters.map(({ isFirst }) => isFirst)).to.eql(waiters.map((_, other) => other === index));
      waiter.leave();
      await settling();
    }

    expect(woken).to.eql(['b: turn', 'c: turn', 'd: turn']);
  });

  it('wake nobody for one that leaves from the middle or the end', async () => {
    const [a, b, c, d, e] = lineOf(lines, ['a', 'b', 'c', 'd', 'e'], woken);
    c.leave();
    e.leave();
    await settling();
    expect(woken).to.eql([]);

    a.leave();
    b.leave();
    await settling();
    expect(woken).to.eql(['b: turn', 'd: turn']);
    expect([c, d, e].map((waiter) => waiter.isFirst)).to.eql([false, true, false]);
  });

  it('take the next one behind whoever has left', async () => {
    const [a, b, c] = lineOf(lines, ['a', 'b', 'c'], woken);
    c.leave();
    const [d] = lineOf(lines, ['d'], woken);
    b.leave();
    a.leave();
    await settling();

    expect(woken).to.eql(['d: turn']);
    expect(d.isFirst).to.equal(true);
  });

  it('let one leave once, however often it says so', async () => {
    const [a] = lineOf(lines, ['a', 'b', 'c'], woken);
    a.leave();
    a.leave();
    await settling();

    expect(woken).to.eql(['b: turn']);
    expect(lines.waiting).to.equal(2);
  });

  it('are one for each key', async () => {
    const other = lines.join('another key');
    const [a] = lineOf(lines, ['a', 'b'], woken);
    other.leave();
    await settling();
    expect(woken).to.eql([]);

    a.leave();
    await settling();
    expect(woken).to.eql(['b: turn']);
  });

  it('forget a key that nobody stands in line for', () => {
    const [a, b] = lineOf(lines, ['a', 'b'], woken);
    b.leave();
    a.leave();

    expect(lines.join('key').line).not.to.equal(a.line);
  });

  it('count who waits, and not who holds', () => {
    const [a, b] = lineOf(lines, ['a', 'b', 'c'], woken);
    expect(lines.waiting).to.equal(3);
    a.keep(new Held(50));
    expect(lines.waiting).to.equal(2);
    b.leave();
    a.leave();
    expect(lines.waiting).to.equal(1);
  });

  describe('with a holder in front', () => {
    it('go on when it leaves', async () => {
      const [a] = lineOf(lines, ['a', 'b'], woken);
      a.keep(new Held(1000));
      await settling();
      expect(woken).to.eql([]);

      a.leave();
      await settling();
      expect(woken).to.eql(['b: turn']);
    });

    it('go on when its hold has run out, and no sooner', async () => {
      const [a, b] = lineOf(lines, ['a', 'b', 'c'], woken);
      a.keep(new Held(50));
      time.tick(49);
      await settling();
      expect(woken).to.eql([]);

      time.tick(1);
      await settling();
      expect(woken).to.eql(['b: turn']);
      expect([a, b].map((waiter) => waiter.isFirst)).to.eql([false, true]);
    });

    it('look again where the hold was extended', async () => {
      const held = new Held(50);
      const [a] = lineOf(lines, ['a', 'b'], woken);
      a.keep(held);
      held.untilMs = 80;
      time.tick(79);
      await settling();
      expect(woken).to.eql([]);

      time.tick(1);
      await settling();
      expect(woken).to.eql(['b: turn']);
    });

    it('see a hold run out that is longer than any timer', async () => {
      const [a] = lineOf(lines, ['a', 'b'], woken);
      const held = new Held(3_000_000_000);
      a.keep(held);
      const { looks } = held;
      time.tick(10_000);
      expect(held.looks - looks, 'a longer timer fires at once').to.be.at.most(20);
      await settling();
      expect(woken).to.eql([]);

      held.untilMs = 20_000;
      time.tick(9999);
      await settling();
      expect(woken).to.eql([]);
      time.tick(1);
      await settling();
      expect(woken).to.eql(['b: turn']);
    });

    it('give the first place to whoever comes when the hold has run out', () => {
      const holder = lines.join('key');
      holder.keep(new Held(50));
      time.tick(50);

      expect(lines.join('key').isFirst).to.equal(true);
    });

    it('have timers while somebody waits behind it, for its end and to verify it, and none else', () => {
      const holder = lines.join('key');
      holder.keep(new Held(50));
      expect(time.countTimers(), 'nobody waits').to.equal(0);

      const waiter = lines.join('key');
      lines.join('key');
      expect(time.countTimers(), 'two wait').to.equal(2);

      holder.leave();
      expect(time.countTimers(), 'the holder has left').to.equal(0);
      waiter.keep(new Held(50));
      expect(time.countTimers(), 'the next holder').to.equal(2);
      time.tick(50);
      expect(time.countTimers(), 'it has run out').to.equal(0);
    });
  });
});

import { expect } from 'chai';
import { useFakeTimers, type SinonFakeTimers } from 'sinon';
import { Lines } from '../../../lib/wait/Lines';
import { Held, lineOf, settling } from './lineOf';

const COURTESY_MS = 3;

describe('A line that lets others pass', () => {
  let time: SinonFakeTimers;
  let lines: Lines;
  let woken: string[];

  beforeEach(() => {
    time = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    lines = new Lines();
    woken = [];
  });
  afterEach(() => time.restore());

  it('stands still where the releaser is still in front, for so long', async () => {
    const [releaser] = lineOf(lines, ['r', 'a', 'b'], woken);
    releaser.keep(new Held(1000));
    lines.giveWay(releaser, COURTESY_MS);
    time.tick(COURTESY_MS - 1);
    await settling();
    expect(woken).to.eql([]);

    time.tick(1);
    await settling();
    expect(woken).to.eql(['a: turn']);
  });

  it('stands still for whoever comes next where nobody was in it', async () => {
    const releaser = lines.join('key');
    releaser.leave();
    lines.giveWay(releaser, COURTESY_MS);
    expect(lines.waiting).to.equal(0);
    const [next] = lineOf(lines, ['a', 'b'], woken);
    expect(next.isFirst).to.equal(false);
    time.tick(COURTESY_MS - 1);
    await settling();
    expect(woken).to.eql([]);

    time.tick(1);
    await settling();
    expect(woken).to.eql(['a: turn']);
    expect(next.isFirst).to.equal(true);
  });

  it('is gone when nobody has come meanwhile', () => {
    const releaser = lines.join('key');
    releaser.leave();
    lines.giveWay(releaser, COURTESY_MS);
    time.tick(COURTESY_MS);

    expect(time.countTimers()).to.equal(0);
    expect(lines.join('key')).to.include({ isFirst: true }).with.nested.property('line.isAwaitedElsewhere', false);
  });

  it('does not hold up the next one where that has its turn already', async () => {
    const [releaser, next] = lineOf(lines, ['r', 'a', 'b'], woken);
    releaser.leave();
    await settling();
    lines.giveWay(releaser, COURTESY_MS);

    expect(woken).to.eql(['a: turn']);
    expect(next).to.include({ isFirst: true, isOver: false });
    time.tick(COURTESY_MS);
    expect(next.isFirst).to.equal(true);
  });

  it('knows that others wait', () => {
    const [releaser, next] = lineOf(lines, ['r', 'a'], woken);
    expect(next.line.isAwaitedElsewhere).to.equal(false);
    lines.giveWay(releaser, COURTESY_MS);

    expect(next.line.isAwaitedElsewhere).to.equal(true);
  });

  it('is not held up for longer by a second release', async () => {
    const [releaser] = lineOf(lines, ['r', 'a'], woken);
    lines.giveWay(releaser, COURTESY_MS);
    time.tick(COURTESY_MS - 1);
    lines.giveWay(releaser, COURTESY_MS);
    time.tick(1);
    await settling();

    expect(woken).to.eql(['a: turn']);
  });

  it('has no timer left when the releaser leaves before', () => {
    const releaser = lines.join('key');
    lines.giveWay(releaser, COURTESY_MS);
    releaser.leave();

    expect(time.countTimers()).to.equal(0);
  });

  it('goes on where one has held meanwhile who did not wait, and has left', async () => {
    const releaser = lines.join('key');
    lines.giveWay(releaser, COURTESY_MS);
    const ahead = lines.join('key');
    lineOf(lines, ['a', 'b'], woken);
    ahead.keep(new Held(50));
    time.tick(COURTESY_MS);
    await settling();
    expect(woken).to.eql([]);
    ahead.leave();
    await settling();

    expect(woken).to.eql(['a: turn']);
  });

  it('does nothing once it is closed', async () => {
    await lines.close();
    lines.giveWay(lines.join('another key'), COURTESY_MS);

    expect(time.countTimers()).to.equal(0);
    expect(lines.isBusy('key')).to.equal(false);
  });
});

describe('A key is busy', () => {
  let time: SinonFakeTimers;
  let lines: Lines;

  beforeEach(() => {
    time = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    lines = new Lines();
  });
  afterEach(() => time.restore());

  const isBusy = (): boolean => lines.isBusy('key');

  it('while somebody stands in its line', () => {
    expect(isBusy()).to.equal(false);
    const waiter = lines.join('key');
    expect(isBusy()).to.equal(true);
    expect(lines.isBusy('another key')).to.equal(false);
    waiter.leave();
    expect(isBusy()).to.equal(false);
  });

  it('while it is held, and not when that has run out', () => {
    lines.join('key').keep(new Held(50));
    time.tick(49);
    expect(isBusy()).to.equal(true);
    time.tick(1);
    expect(isBusy()).to.equal(false);
  });

  it('not while the line lets others pass, but where somebody waits for that to end', () => {
    const releaser = lines.join('key');
    lines.giveWay(releaser, COURTESY_MS);
    expect(isBusy()).to.equal(false);
    lines.join('key');
    expect(isBusy()).to.equal(true);
    time.tick(COURTESY_MS);
    expect(isBusy()).to.equal(true);
  });
});

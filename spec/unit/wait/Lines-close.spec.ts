import { expect } from 'chai';
import { useFakeTimers, type SinonFakeTimers } from 'sinon';
import { Lines } from '../../../lib/wait/Lines';
import { Held, lineOf, settling } from './lineOf';

describe('Lines that are closed', () => {
  let time: SinonFakeTimers;
  let lines: Lines;
  let woken: string[];

  beforeEach(() => {
    time = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    lines = new Lines();
    woken = [];
  });
  afterEach(() => time.restore());

  /** Whether the promise has resolved by now. */
  async function isDone(work: Promise<void>): Promise<boolean> {
    let isResolved = false;
    void work.then(() => (isResolved = true));
    await settling();
    return isResolved;
  }

  it('wake all who sleep in them, of every key', async () => {
    lineOf(lines, ['a', 'b', 'c'], woken);
    void lines
      .join('another key')
      .sleep(Infinity, null)
      .then((cause) => woken.push(`other: ${cause}`));
    void lines.close();
    await settling();

    expect(woken).to.eql(['a: closed', 'b: closed', 'c: closed', 'other: closed']);
    expect(time.countTimers()).to.equal(0);
  });

  it('let nobody fall asleep any more', async () => {
    const waiter = lines.join('key');
    void lines.close();

    expect(await waiter.sleep(Infinity, null)).to.equal('closed');
    expect(time.countTimers()).to.equal(0);
  });

  it('are closed when the last who waits has left', async () => {
    const waiters = lineOf(lines, ['a', 'b', 'c'], woken);
    const closing = lines.close();
    for (const waiter of waiters) {
      expect(await isDone(closing)).to.equal(false);
      waiter.leave();
    }
    expect(await isDone(closing)).to.equal(true);
  });

  it('are closed at once where nobody waits, whoever holds', async () => {
    lines.join('key').keep(new Held(1000));

    expect(await isDone(lines.close())).to.equal(true);
  });

  it('see no hold run out, and give way to nobody', async () => {
    const [holder] = lineOf(lines, ['a', 'b'], woken);
    holder.keep(new Held(50));
    const releaser = lines.join('another key');
    lines.giveWay(releaser, 50);
    void lines.close();
    await settling();

    expect(time.countTimers()).to.equal(0);
    expect(woken).to.eql(['a: closed', 'b: closed']);
  });
});

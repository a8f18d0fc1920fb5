import { expect } from 'chai';
import { createSandbox, useFakeTimers, type SinonFakeTimers } from 'sinon';
import { LONGEST_TIMER_MS, Sleeper, type Wakening } from '../../../lib/wait/Sleeper';
import { settling } from './lineOf';

describe('Sleeper', () => {
  let time: SinonFakeTimers;
  let sleeper: Sleeper;
  let woken: Wakening[];

  beforeEach(() => {
    time = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    sleeper = new Sleeper();
    woken = [];
  });
  afterEach(() => time.restore());

  function sleep(untilMs: number, signal: AbortSignal | null = null): void {
    void sleeper.sleep(untilMs, signal).then((cause) => woken.push(cause));
  }

  async function causes(): Promise<readonly Wakening[]> {
    await settling();
    return woken;
  }

  it('sleeps until its time, and not longer', async () => {
    sleep(50);
    time.tick(49);
    expect(await causes()).to.eql([]);
    time.tick(1);
    expect(await causes()).to.eql(['time']);
    expect(time.countTimers()).to.equal(0);
  });

  it('does not wake before a fraction of a ms has passed', async () => {
    sleep(10.4);
    time.tick(10);
    expect(await causes()).to.eql([]);
    time.tick(1);
    expect(await causes()).to.eql(['time']);
  });

  for (const untilMs of [0, -5, -Infinity]) {
    it(`does not sleep until ${untilMs}, which has passed`, async () => {
      sleep(untilMs);
      expect(await causes()).to.eql(['time']);
      expect(time.countTimers()).to.equal(0);
    });
  }

  for (const cause of ['turn', 'bell', 'closed'] as const) {
    it(`is woken by "${cause}", and keeps no timer`, async () => {
      sleep(50);
      sleeper.wake(cause);
      expect(await causes()).to.eql([cause]);
      expect(time.countTimers()).to.equal(0);
    });
  }

  it('is woken by its signal, and keeps no timer', async () => {
    const { signal, abort } = cancelling();
    sleep(50, signal);
    abort();
    expect(await causes()).to.eql(['aborted']);
    expect(time.countTimers()).to.equal(0);
  });

  it('does not sleep where its signal has fired', async () => {
    sleep(50, AbortSignal.abort());
    expect(await causes()).to.eql(['aborted']);
    expect(time.countTimers()).to.equal(0);
  });

  it('tells the first of several causes', async () => {
    const { signal, abort } = cancelling();
    sleep(50, signal);
    sleeper.wake('bell');
    sleeper.wake('turn');
    abort();
    time.tick(50);
    expect(await causes()).to.eql(['bell']);
  });

  it('does not keep a cause, nor a signal, for its next sleep', async () => {
    const { signal, abort } = cancelling();
    sleeper.wake('turn');
    sleep(50, signal);
    sleeper.wake('bell');
    sleep(80);
    abort();
    time.tick(79);
    expect(await causes()).to.eql(['bell']);
    time.tick(1);
    expect(await causes()).to.eql(['bell', 'time']);
  });

  for (const untilMs of [Infinity, 3_000_000_000]) {
    it(`sleeps until ${untilMs} by timers that Node can take`, async () => {
      sleep(untilMs);
      expect(time.next()).to.equal(LONGEST_TIMER_MS);
      expect(await causes()).to.eql([]);
      expect(time.next()).to.equal(Math.min(untilMs, 2 * LONGEST_TIMER_MS));
      expect(await causes()).to.eql(untilMs === Infinity ? [] : ['time']);
      sleeper.wake('closed');
      expect(time.countTimers()).to.equal(0);
    });
  }

  describe('with a timer that fires early', () => {
    const sandbox = createSandbox();
    afterEach(() => sandbox.restore());

    it('looks again', async () => {
      const now = sandbox.stub(performance, 'now').returns(0);
      sleep(50);
      now.returns(49.6);
      time.tick(50);
      expect(await causes()).to.eql([]);
      now.returns(50);
      time.tick(1);
      expect(await causes()).to.eql(['time']);
    });
  });
});

function cancelling(): { readonly signal: AbortSignal; readonly abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}

import { expect } from 'chai';
import { spy, useFakeTimers, type SinonFakeTimers, type SinonSpy } from 'sinon';
import type { LockOptions } from '../../../lib/config/LockOptions';
import type { Quorum } from '../../../lib/quorum/Quorum';
import { Bell } from '../../../lib/wait/Bell';

/** What is listened to on one master. */
class FakeChannels {
  readonly listeners = new Map<string, () => void>();
  constructor(readonly isLive: boolean) {}

  listen(channel: string, onMessage: () => void): boolean {
    this.listeners.set(channel, onMessage);
    return this.isLive;
  }

  ignore(channel: string): void {
    if (!this.listeners.delete(channel)) throw new Error(`nobody listened to ${channel}`);
  }

  get names(): readonly string[] {
    return [...this.listeners.keys()];
  }

  ring(): void {
    for (const onMessage of this.listeners.values()) onMessage();
  }
}

describe('Bell', () => {
  let time: SinonFakeTimers;
  let masters: FakeChannels[];
  let onRing: SinonSpy;

  beforeEach(() => {
    time = useFakeTimers({ toFake: ['performance'] });
    onRing = spy();
  });
  afterEach(() => time.restore());

  function bell(live: readonly boolean[] = [true, true, true], notify = true): Bell {
    masters = live.map((isLive) => new FakeChannels(isLive));
    const quorum = { masters: masters.map((channels) => ({ channels })), size: Math.floor(live.length / 2) + 1 };
    const options = { notify, retryTimeoutMs: 100, retryJitterMs: 50 };
    return new Bell(quorum as unknown as Quorum, options as LockOptions, performance.now(), onRing);
  }

  it('listens on every master, on one channel of its own', () => {
    expect(bell().listen()).to.equal(true);
    const names = masters.map((master) => master.names);
    expect(new Set(names.flat()).size).to.equal(1);
    expect(names[0]?.[0]).to.match(/^redlock:free:[\w-]{12}$/);
    expect(names.map(({ length }) => length)).to.eql([1, 1, 1]);
    bell().listen();
    expect(masters[0]?.names).not.to.eql(names[0]);
  });

  for (const live of [
    [true, false, false],
    [false, false, true],
  ]) {
    it(`listens where one master alone can tell: ${live.join(', ')}`, () => {
      const one = bell(live);
      expect(one.listen()).to.equal(true);
      expect(one.place()).not.to.equal(null);
    });
  }

  it('wants no place where no master can tell', () => {
    const one = bell([false, false, false]);
    expect(one.listen()).to.equal(false);
    expect(one.place()).to.equal(null);
  });

  it('listens nowhere where nobody is to be notified', () => {
    const one = bell([true], false);
    expect(one.listen()).to.equal(false);
    expect(one.place()).to.equal(null);
    one.close();
    expect(masters[0]?.names).to.eql([]);
  });

  it('wants a place in line as soon as it listens, for how long it has waited, until past its next retry', () => {
    const one = bell();
    time.tick(70);
    expect(one.place()).to.equal(null);
    one.listen();
    time.tick(30);
    const place = one.place();

    expect(`redlock:free:${place?.id}`).to.equal(masters[0]?.names[0]);
    expect(place?.waitedMs).to.equal(100);
    expect(place?.keepMs).to.be.above(150);
  });

  it('is believed at once when a quorum rings', () => {
    const one = bell();
    one.listen();
    expect(one.rangMs).to.equal(Infinity);
    time.tick(10);
    masters[0]?.ring();
    time.tick(1);
    masters[2]?.ring();

    expect(one.rangMs).to.equal(10);
    expect(onRing.callCount).to.equal(2);
  });

  it('is believed a moment later when one master rings, however often', () => {
    const one = bell();
    one.listen();
    time.tick(10);
    masters[1]?.ring();
    expect(one.rangMs).to.equal(13);
    time.tick(1);
    masters[1]?.ring();

    expect(one.rangMs).to.equal(13);
    expect(onRing.callCount).to.equal(2);
  });

  it('is believed at once by whoever needs one master', () => {
    const one = bell([true]);
    one.listen();
    masters[0]?.ring();
    expect(one.rangMs).to.equal(0);
  });

  it('has not rung for the attempt that follows', () => {
    const one = bell();
    one.listen();
    masters[0]?.ring();
    masters[1]?.ring();
    one.place();
    expect(one.rangMs).to.equal(Infinity);
    time.tick(5);
    masters[0]?.ring();
    expect(one.rangMs).to.equal(8);
  });

  it('listens nowhere once it is closed', () => {
    const one = bell();
    one.listen();
    one.close();
    expect(masters.flatMap(({ names }) => names)).to.eql([]);
  });
});

import { expect } from 'chai';
import { spy, useFakeTimers, type SinonFakeTimers, type SinonSpy } from 'sinon';
import { Deadlines } from '../../../lib/master/Deadlines';

const LIMIT_MS = 100;

describe('Deadlines', () => {
  let time: SinonFakeTimers;
  let onExpired: SinonSpy;
  let deadlines: Deadlines;

  beforeEach(() => {
    time = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    onExpired = spy();
    deadlines = new Deadlines(LIMIT_MS, onExpired);
  });
  afterEach(() => time.restore());

  /** How often they have expired, once this turn of the loop is over: a last look is taken at its end. */
  async function expirations(): Promise<number> {
    await new Promise((resolve) => setImmediate(resolve));
    return onExpired.callCount;
  }

  it('let a command take its whole time, and not more', async () => {
    deadlines.start();
    time.tick(LIMIT_MS - 1);
    expect(await expirations()).to.equal(0);

    time.tick(1);
    expect(await expirations()).to.equal(1);
  });

  it('look once more before they give up: after a stall the answer may be waiting in the socket', async () => {
    deadlines.start();
    time.tick(LIMIT_MS);
    deadlines.end();

    expect(await expirations()).to.equal(0);
  });

  it('say nothing of a command that was answered in time', async () => {
    deadlines.start();
    time.tick(LIMIT_MS - 1);
    deadlines.end();
    time.tick(10 * LIMIT_MS);

    expect(await expirations()).to.equal(0);
  });

  it('count from when the last commands were written, where that was later', async () => {
    deadlines.start();
    time.tick(LIMIT_MS / 2);
    deadlines.start();
    deadlines.start();
    time.tick(LIMIT_MS / 4);
    deadlines.written(2);
    time.tick(LIMIT_MS / 4);
    deadlines.end();
    expect(await expirations()).to.equal(0);

    time.tick((3 * LIMIT_MS) / 4 - 1);
    expect(await expirations()).to.equal(0);
    time.tick(1);
    expect(await expirations()).to.equal(1);
  });

  it('know of no command that was written after its connection had gone', () => {
    deadlines.start();
    deadlines.clear();
    deadlines.written(1);
    expect(deadlines.count).to.equal(0);
  });

  it('tell how long a command took', () => {
    deadlines.start();
    time.tick(7);
    deadlines.start();
    time.tick(5);

    expect([deadlines.end(), deadlines.end()]).to.eql([12, 5]);
  });

  it('count the commands in flight', () => {
    const counts = [deadlines.count];
    for (const step of [
      () => deadlines.start(),
      () => deadlines.start(),
      () => deadlines.end(),
      () => deadlines.end(),
    ]) {
      step();
      counts.push(deadlines.count);
    }

    expect(counts).to.eql([0, 1, 2, 1, 0]);
  });

  it('give each command its own time, behind one that was answered', async () => {
    deadlines.start();
    time.tick(60);
    deadlines.start();
    time.tick(10);
    deadlines.end();
    time.tick(89);
    expect(await expirations()).to.equal(0);

    time.tick(1);
    expect(await expirations()).to.equal(1);
  });

  it('give a command its whole time where the timer of an earlier one still runs', async () => {
    deadlines.start();
    deadlines.end();
    time.tick(90);
    deadlines.start();
    time.tick(99);
    expect(await expirations()).to.equal(0);

    time.tick(1);
    expect(await expirations()).to.equal(1);
  });

  it('are not a millisecond early where the timer of an earlier one runs out just before', async () => {
    deadlines.start();
    deadlines.end();
    time.tick(1);
    deadlines.start();
    time.tick(LIMIT_MS - 1);
    expect(await expirations()).to.equal(0);

    time.tick(1);
    expect(await expirations()).to.equal(1);
  });

  it('have one timer at the most, whatever is in flight', () => {
    for (let sent = 0; sent < 100; sent++) {
      deadlines.start();
      time.tick(1);
      expect(time.countTimers()).to.equal(1);
      if (sent % 2 === 0) deadlines.end();
    }
  });

  it('have none once nothing was in flight for a whole time', () => {
    deadlines.start();
    deadlines.end();
    time.tick(LIMIT_MS);

    expect(time.countTimers()).to.equal(0);
  });

  it('have none, and nothing in flight, once the connection is gone', async () => {
    deadlines.start();
    deadlines.start();
    deadlines.clear();
    expect([deadlines.count, time.countTimers()]).to.eql([0, 0]);

    time.tick(10 * LIMIT_MS);
    expect(await expirations()).to.equal(0);
  });

  it('hold for the next connection', async () => {
    deadlines.start();
    time.tick(LIMIT_MS - 1);
    deadlines.clear();
    deadlines.start();
    time.tick(LIMIT_MS - 1);
    expect(await expirations()).to.equal(0);

    time.tick(1);
    expect(await expirations()).to.equal(1);
  });

  it('keep their order through thousands of commands that overlap', async () => {
    deadlines.start();
    for (let sent = 0; sent < 5_000; sent++) {
      time.tick(3);
      deadlines.start();
      if (sent < 10) continue;
      // From here on there are always eleven in flight, sent 3 ms apart.
      const tookMs = deadlines.end();
      if (tookMs !== 33) expect.fail(`${tookMs} ms for command ${sent - 10}, and not 33`);
    }
    expect([deadlines.count, onExpired.callCount]).to.eql([11, 0]);

    time.tick(LIMIT_MS - 30 - 1);
    expect(await expirations()).to.equal(0);
    time.tick(1);
    expect(await expirations()).to.equal(1);
  });

  it('expire on time whatever trickles in behind the oldest', async () => {
    deadlines.start();
    for (let sent = 0; sent < 9; sent++) {
      time.tick(10);
      deadlines.start();
    }
    time.tick(9);
    expect(await expirations()).to.equal(0);

    time.tick(1);
    expect(await expirations()).to.equal(1);
  });

  describe('on a connection that was idle', () => {
    /** A round trip, and nothing for a while. */
    function rest(roundTripMs: number): void {
      deadlines.start();
      time.tick(roundTripMs);
      deadlines.end();
      time.tick(1000);
    }

    it('give the first answer a third of the time, so that there is time for a second try', async () => {
      rest(1);
      deadlines.start();
      time.tick(33);
      expect(await expirations()).to.equal(0);
      time.tick(1);
      expect(await expirations()).to.equal(1);
    });

    it('give all others their whole time, once one has come', async () => {
      rest(1);
      deadlines.start();
      deadlines.start();
      time.tick(20);
      deadlines.end();
      time.tick(LIMIT_MS - 21);
      expect(await expirations()).to.equal(0);
      time.tick(1);
      expect(await expirations()).to.equal(1);
    });

    it('give a master its whole time that usually takes long', async () => {
      rest(10);
      deadlines.start();
      time.tick(LIMIT_MS - 1);
      expect(await expirations()).to.equal(0);
      deadlines.end();
    });

    it('give a new connection its whole time', async () => {
      rest(1);
      deadlines.clear();
      deadlines.start();
      time.tick(LIMIT_MS - 1);
      expect(await expirations()).to.equal(0);
      deadlines.end();
    });
  });
});

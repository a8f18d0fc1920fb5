import { expect } from 'chai';
import { createSandbox, useFakeTimers, type SinonFakeTimers } from 'sinon';
import type { LockOptions } from '../../../lib/config/LockOptions';
import { Patience } from '../../../lib/wait/Patience';

const DELAY_MS = 100;
/** Whoever plans so often plans without end. */
const ENOUGH = 1000;

describe('Patience', () => {
  const sandbox = createSandbox();
  let time: SinonFakeTimers;

  beforeEach(() => {
    time = useFakeTimers({ toFake: ['performance'] });
  });
  afterEach(() => {
    time.restore();
    sandbox.restore();
  });

  /** @param retries undefined where nobody has set them */
  function patience(timeoutMs: number | null, retries?: number, jitterMs = 0): Patience {
    const retry = { retries: retries ?? 3, retriesAreSet: retries !== undefined };
    const pace = { retryTimeoutMs: DELAY_MS, retryJitterMs: jitterMs };
    return new Patience({ ...retry, ...pace } as LockOptions, timeoutMs);
  }

  /** When the attempts are made, in ms, where each takes no time: the first at once, the others when they are due. */
  function attemptsMs(tried: Patience): readonly number[] {
    const atMs = [performance.now() - tried.startedMs];
    while (atMs.length < ENOUGH && tried.plan()) {
      time.tick(tried.dueMs - performance.now());
      atMs.push(performance.now() - tried.startedMs);
    }
    return atMs;
  }

  describe('without a timeout', () => {
    for (const [retries, expected] of [
      [undefined, [0, 100, 200, 300]],
      [0, [0]],
      [1, [0, 100]],
      [5, [0, 100, 200, 300, 400, 500]],
    ] as const) {
      it(`makes ${expected.length} attempts where retries are ${retries ?? 'not set'}`, () => {
        expect(attemptsMs(patience(null, retries))).to.eql(expected);
      });
    }

    it('has no end where retries are -1', () => {
      expect(attemptsMs(patience(null, -1))).to.have.length(ENOUGH);
    });

    for (const [retries, spanMs] of [
      [undefined, 300],
      [0, 0],
      [5, 500],
      [-1, Infinity],
    ] as const) {
      it(`waits in line for ${spanMs} ms where retries are ${retries ?? 'not set'}`, () => {
        time.tick(1000);
        expect(patience(null, retries).inLineUntilMs(0)).to.equal(1000 + spanMs);
        expect(patience(null, retries).inLineUntilMs(1700)).to.equal(1700 + spanMs);
      });
    }
  });

  describe('with a timeout', () => {
    for (const [title, timeoutMs, retries, expected] of [
      ['goes on until it has passed where retries are not set', 450, undefined, [0, 100, 200, 300, 400, 450]],
      ['goes on until it has passed where retries are -1', 450, -1, [0, 100, 200, 300, 400, 450]],
      ['is capped by retries that are set', 450, 2, [0, 100, 200]],
      ['is not prolonged by retries that are set', 150, 7, [0, 100, 150]],
      ['makes one attempt where retries are 0', 450, 0, [0]],
      ['makes one attempt at the deadline, not two', 200, undefined, [0, 100, 200]],
      ['makes its last attempt at a deadline that comes before the first retry', 30, undefined, [0, 30]],
      ['makes one attempt where the timeout is 0', 0, undefined, [0]],
      ['makes one attempt where the timeout is 0, also where retries are -1', 0, -1, [0]],
    ] as const) {
      it(title, () => expect(attemptsMs(patience(timeoutMs, retries))).to.eql(expected));
    }

    for (const retries of [undefined, 0, 2, -1] as const) {
      it(`waits in line for as long where retries are ${retries ?? 'not set'}`, () => {
        time.tick(1000);
        expect(patience(450, retries).inLineUntilMs(1200)).to.equal(1450);
      });
    }

    it('ends when an attempt has taken longer than that', () => {
      const tried = patience(450);
      time.tick(450);
      expect(tried.plan()).to.equal(false);
    });

    it('counts from its own start, and the pauses from the end of each attempt', () => {
      time.tick(1000);
      const tried = patience(450);
      time.tick(70);
      expect([tried.plan(), tried.dueMs]).to.eql([true, 1170]);
      time.tick(340);
      expect([tried.plan(), tried.dueMs]).to.eql([true, 1450]);
      expect(tried.plan()).to.equal(false);
    });
  });

  describe('between two attempts', () => {
    for (const [random, jitterMs, delayMs] of [
      [0, 40, 60],
      [0.5, 40, 100],
      [0.75, 40, 120],
      [0, 250, 0],
      [0.75, 250, 225],
    ] as const) {
      it(`pauses for ${delayMs} ms where chance says ${random} of a jitter of ${jitterMs} ms`, () => {
        sandbox.stub(Math, 'random').returns(random);
        const tried = patience(null, 1, jitterMs);
        expect([tried.plan(), tried.dueMs]).to.eql([true, delayMs]);
      });
    }
  });
});

import { expect } from 'chai';
import { createSandbox } from 'sinon';
import { Lines, Waiter } from '../../../lib/wait/Lines';

const LENGTH = 100_000;
const HOLD = { remaining: () => 60_000, verify: () => Promise.resolve() };

describe('A line of 100,000', () => {
  const sandbox = createSandbox();
  let lines: Lines;
  let waiters: Waiter[];
  let visits: number;

  beforeEach(() => {
    lines = new Lines();
    waiters = Array.from({ length: LENGTH }, () => lines.join('key'));
    visits = 0;
    for (const waiter of waiters) countVisits(waiter);
  });
  afterEach(() => {
    sandbox.restore();
    // Ends the timer that watches the last hold.
    void lines.close();
    waiters = [];
  });

  /** Each look at a neighbour counts: whoever goes through the line cannot do without. */
  function countVisits(waiter: Waiter): void {
    let { next } = waiter;
    Object.defineProperty(waiter, 'next', {
      get: () => {
        visits += 1;
        return next;
      },
      set: (other: Waiter | null) => (next = other),
    });
  }

  it('is handed on without looking at more than the next one, and wakes that one alone', () => {
    const wake = sandbox.spy(Waiter.prototype, 'wake');
    for (const waiter of waiters.slice(0, 1000)) {
      waiter.keep(HOLD);
      waiter.leave();
    }

    expect(wake.callCount).to.equal(1000);
    expect(wake.args.every(([cause]) => cause === 'turn')).to.equal(true);
    expect(wake.thisValues.every((woken, index) => woken === waiters[index + 1])).to.equal(true);
    expect(visits).to.be.at.most(5 * 1000);
    expect(waiters[1000]?.isFirst).to.equal(true);
  });

  it('is joined and left, wherever one stands, without a look at the others', () => {
    const wake = sandbox.spy(Waiter.prototype, 'wake');
    for (let index = 1; index < LENGTH; index += 100) waiters[index]?.leave();
    const last = lines.join('key');
    last.leave();

    expect(wake.callCount).to.equal(0);
    expect(visits).to.be.at.most(3 * (LENGTH / 100 + 1));
    expect(lines.waiting).to.equal(LENGTH - LENGTH / 100);
    expect(lines.isBusy('key')).to.equal(true);
  });
});

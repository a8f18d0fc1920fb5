import { expect } from 'chai';
import { restore, stub } from 'sinon';
import { Backoff } from '../../../lib/master/Backoff';

describe('Backoff', () => {
  afterEach(restore);

  const pauses = (backoff: Backoff, count: number): readonly number[] =>
    Array.from({ length: count }, () => backoff.next());

  it('doubles its pauses up to the longest', () => {
    stub(Math, 'random').returns(1);

    expect(pauses(new Backoff(), 8)).to.eql([25, 50, 100, 200, 400, 800, 800, 800]);
  });

  it('spreads each over its upper half', () => {
    const random = stub(Math, 'random').returns(0);
    expect(pauses(new Backoff(), 7)).to.eql([13, 25, 50, 100, 200, 400, 400]);

    random.returns(0.5);
    expect(pauses(new Backoff(), 3)).to.eql([19, 38, 75]);
  });

  it('begins anew when the master was reached', () => {
    stub(Math, 'random').returns(1);
    const backoff = new Backoff();
    pauses(backoff, 5);
    backoff.reset();

    expect(pauses(backoff, 2)).to.eql([25, 50]);
  });

  it('stays at the longest for ever', () => {
    stub(Math, 'random').returns(1);
    const backoff = new Backoff();
    pauses(backoff, 2_000);

    expect(backoff.next()).to.equal(800);
  });

  it('is its own for each master', () => {
    stub(Math, 'random').returns(1);
    pauses(new Backoff(), 5);

    expect(new Backoff().next()).to.equal(25);
  });
});

import { expect } from 'chai';
import { useFakeTimers, type SinonFakeTimers } from 'sinon';
import { Debts, type Debt } from '../../../lib/master/Debts';

const TTL_MS = 1000;

describe('Debts', () => {
  let clock: SinonFakeTimers;

  beforeEach(() => {
    clock = useFakeTimers();
  });
  afterEach(() => {
    clock.restore();
  });

  const debt = (token: string): Debt => ({ token, keys: [`key of ${token}`] });
  const settle = (debts: Debts, token: string): void => {
    for (const one of debts.due(10)) if (one.token === token) debts.settle(one);
  };
  /** A bound at which there is room for one, and not for two. */
  const ROOM_FOR_ONE = 140;
  const tokensOf = (debts: Debts): readonly string[] => debts.due(10).map(({ token }) => token);

  it('are due, keys and all, until they are settled', () => {
    const debts = new Debts();
    debts.add(debt('a'), TTL_MS, true);
    debts.add({ token: 'b', keys: ['one', 'two'] }, TTL_MS, true);
    expect(debts.due(10).map(({ token, keys }) => [token, keys])).to.deep.equal([
      ['a', ['key of a']],
      ['b', ['one', 'two']],
    ]);

    settle(debts, 'a');
    expect(tokensOf(debts)).to.deep.equal(['b']);
    expect(debts.overflowMs()).to.equal(0);
  });

  it('end with the ttl of what the master is known to hold', () => {
    const debts = new Debts();
    debts.add(debt('a'), TTL_MS, true);
    clock.tick(TTL_MS - 1);
    expect(tokensOf(debts)).to.deep.equal(['a']);
    clock.tick(1);
    expect(tokensOf(debts)).to.deep.equal([]);
    expect(debts.size).to.equal(0);
  });

  it('stay for as long as the master may still run the acquire', () => {
    const debts = new Debts();
    debts.add(debt('a'), TTL_MS, false);
    clock.tick(1000 * TTL_MS);
    expect(tokensOf(debts)).to.deep.equal(['a']);
  });

  it('are remembered once each, however often one is added', () => {
    const debts = new Debts(ROOM_FOR_ONE);
    for (let count = 0; count < 5; count++) debts.add(debt('a'), TTL_MS, true);
    expect(debts.size).to.equal(1);
    expect(debts.overflowMs()).to.equal(0);
  });

  it('end as late as any of those that were added under one token', () => {
    const debts = new Debts();
    debts.add(debt('a'), 2 * TTL_MS, true);
    debts.add(debt('a'), TTL_MS, true);
    clock.tick(TTL_MS);
    expect(tokensOf(debts)).to.deep.equal(['a']);
  });

  it('stay where one was added anew while it was taken back', () => {
    const debts = new Debts();
    debts.add(debt('a'), TTL_MS, true);
    const [underWay] = debts.due(1);
    debts.add(debt('a'), 2 * TTL_MS, true);
    if (underWay !== undefined) debts.settle(underWay);
    expect(tokensOf(debts)).to.deep.equal(['a']);
  });

  it('are taken back so many at a time, the first of them first', () => {
    const debts = new Debts();
    for (const token of ['a', 'b', 'c']) debts.add(debt(token), TTL_MS, true);
    expect(debts.due(2).map(({ token }) => token)).to.deep.equal(['a', 'b']);
  });

  it('come last once they were refused, unless they were added anew', () => {
    const debts = new Debts();
    for (const token of ['a', 'b', 'c']) debts.add(debt(token), TTL_MS, true);
    const [first, second] = debts.due(2);
    debts.add(debt('b'), TTL_MS, true);
    for (const refused of [first, second]) if (refused !== undefined) debts.postpone(refused);
    expect(tokensOf(debts)).to.deep.equal(['c', 'b', 'a']);
  });

  it('are bounded by what they take, and the ended make room', () => {
    const debts = new Debts(1000 * ROOM_FOR_ONE);
    for (let count = 0; count < 1000; count++) debts.add(debt(`short ${count}`), TTL_MS, true);
    clock.tick(TTL_MS);
    for (let count = 0; count < 1000; count++) debts.add(debt(`long ${count}`), 2 * TTL_MS, true);
    expect(debts.size).to.equal(1000);
    expect(debts.overflowMs()).to.equal(0);

    debts.add({ token: 'large', keys: ['k'.repeat(1000 * ROOM_FOR_ONE)] }, TTL_MS, true);
    expect(debts.size).to.equal(1000);
    expect(debts.overflowMs()).to.equal(TTL_MS);
  });

  describe('beyond the bound', () => {
    const full = (): Debts => {
      const debts = new Debts(ROOM_FOR_ONE);
      debts.add(debt('kept'), 10 * TTL_MS, true);
      debts.add(debt('too much'), TTL_MS, false);
      return debts;
    };

    it('are not named any more', () => {
      expect(tokensOf(full())).to.deep.equal(['kept']);
    });

    it('last for a whole ttl from the first time that nothing can run any more', () => {
      const debts = full();
      // As long as its former connection may bring the acquire, no time counts.
      clock.tick(5 * TTL_MS);
      expect(debts.overflowMs()).to.equal(TTL_MS);
      clock.tick(TTL_MS - 1);
      expect(debts.overflowMs()).to.equal(1);
      clock.tick(1);
      expect(debts.overflowMs()).to.equal(0);
      clock.tick(1);
      expect(debts.overflowMs()).to.equal(0);
    });

    it('last for the longest of their ttls', () => {
      const debts = full();
      debts.add(debt('longer'), 3 * TTL_MS, false);
      debts.add(debt('shorter'), 2 * TTL_MS, false);
      expect(debts.overflowMs()).to.equal(3 * TTL_MS);
    });

    it('begin anew when more comes meanwhile', () => {
      const debts = full();
      expect(debts.overflowMs()).to.equal(TTL_MS);
      clock.tick(TTL_MS / 2);
      debts.add(debt('and more'), TTL_MS, false);
      expect(debts.overflowMs()).to.equal(TTL_MS);
    });

    it('leave no trace once they are over', () => {
      const debts = full();
      debts.overflowMs();
      clock.tick(TTL_MS);
      expect(debts.overflowMs()).to.equal(0);
      settle(debts, 'kept');
      debts.add(debt('new'), TTL_MS, true);
      expect(tokensOf(debts)).to.deep.equal(['new']);
      expect(debts.overflowMs()).to.equal(0);
    });
  });
});

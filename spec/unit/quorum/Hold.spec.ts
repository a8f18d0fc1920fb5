import { expect } from 'chai';
import { Hold, type Copy } from '../../../lib/quorum/Hold';

const holdOf = (masters: number, copy: Copy): Hold => new Hold(['key'], 'token', ['former'], 1000, masters, copy);
const copiesOf = (hold: Hold, masters: number): readonly Copy[] =>
  Array.from({ length: masters }, (_, index) => hold.copyOn(index));

/** Whether the hold has settled by now. */
async function isSettled(hold: Hold): Promise<boolean> {
  let settled = false;
  void hold.settled().then(() => (settled = true));
  for (let step = 0; step < 3; step++) await Promise.resolve();
  return settled;
}

describe('A hold', () => {
  for (const copy of ['pending', 'held', 'absent', 'unknown'] as const) {
    it(`begins as ${copy} on every master`, async () => {
      const hold = holdOf(3, copy);

      expect(copiesOf(hold, 3)).to.eql([copy, copy, copy]);
      expect(hold.pending).to.eql(copy === 'pending' ? [0, 1, 2] : []);
      expect(await isSettled(hold)).to.equal(copy !== 'pending');
    });
  }

  it('is not released, and has no fencing token, before somebody says so', () => {
    expect(holdOf(1, 'held')).to.deep.include({
      keys: ['key'],
      token: 'token',
      formerTokens: ['former'],
      longestTtlMs: 1000,
      fencingToken: null,
      isReleased: false,
    });
  });

  it('knows nothing of a master that is none of its own', () => {
    expect(holdOf(1, 'held').copyOn(1)).to.equal('unknown');
  });

  it('keeps what is recorded of each master, and says which are pending', () => {
    const hold = holdOf(4, 'pending');
    hold.record(1, 'held');
    hold.record(3, 'absent');

    expect(copiesOf(hold, 4)).to.eql(['pending', 'held', 'pending', 'absent']);
    expect(hold.pending).to.eql([0, 2]);
  });

  it('settles with the last master that is pending, for all who wait', async () => {
    const hold = holdOf(3, 'pending');
    let settled = 0;
    for (let waiting = 0; waiting < 2; waiting++) void hold.settled().then(() => (settled += 1));
    hold.record(2, 'held');
    hold.record(0, 'unknown');
    expect(await isSettled(hold)).to.equal(false);
    expect(settled).to.equal(0);
    hold.record(1, 'absent');

    expect(await isSettled(hold)).to.equal(true);
    expect(settled).to.equal(2);
  });

  it('counts a master once, however often the same is recorded of it', async () => {
    const hold = holdOf(2, 'pending');
    for (let again = 0; again < 3; again++) hold.record(0, 'held');
    expect(await isSettled(hold)).to.equal(false);
    for (let again = 0; again < 3; again++) hold.record(1, 'pending');
    hold.record(1, 'held');

    expect(await isSettled(hold)).to.equal(true);
    expect(hold.pending).to.eql([]);
  });

  it('is pending again where a master is given the lock a second time', async () => {
    const hold = holdOf(2, 'held');
    hold.record(1, 'pending');
    expect(hold.pending).to.eql([1]);
    expect(await isSettled(hold)).to.equal(false);
    hold.record(1, 'held');

    expect(await isSettled(hold)).to.equal(true);
  });
});

import { expect } from 'chai';
import { Keeper, type Household } from '../../../lib/lock/Keeper';
import { Hold } from '../../../lib/quorum/Hold';
import { RoundWindow } from '../../../lib/wait/RoundWindow';

describe('A keeper that asks whether its lock was lost', () => {
  const hold = new Hold(['key'], 'zzsecretzz', [], 1000, 1, 'held');
  let window: RoundWindow;
  let keeper: Keeper;
  let asked: number;

  beforeEach(() => {
    window = new RoundWindow(1);
    asked = 0;
    const isLost = async (): Promise<boolean> => {
      asked += 1;
      return true;
    };
    keeper = new Keeper({ window, quorum: { rounds: { isLost } } } as unknown as Household, '123', []);
  });

  it('waits for its turn among the rounds of the process, and gives it up', async () => {
    window.tryEnter();
    const answer = keeper.isLost(hold);
    expect(asked).to.equal(0);
    window.leave();

    expect(await answer).to.equal(true);
    expect(window.tryEnter()).to.equal(true);
  });

  it('asks no more when the lock is closed', async () => {
    window.tryEnter();
    const answer = keeper.isLost(hold);
    const closed = window.close();
    window.leave();
    await closed;

    expect(await answer).to.equal(false);
    expect(asked).to.equal(0);
  });
});

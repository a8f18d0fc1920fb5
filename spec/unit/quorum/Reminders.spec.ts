import { expect } from 'chai';
import type { Master } from '../../../lib/master/Master';
import { MasterError } from '../../../lib/master/MasterError';
import type { Argument } from '../../../lib/master/Script';
import { READ_HIGHEST, REMIND } from '../../../lib/quorum/fenceScripts';
import { Reminders } from '../../../lib/quorum/Reminders';

/** A master as far as its numbers go. */
class NumberingMaster {
  readonly server = { runId: 'run' };
  readonly address: string;
  isAway = false;
  reads = 0;
  /** Called before each read. */
  onRead = (): void => {};

  constructor(
    index: number,
    public highest: number,
    public forgot = '',
  ) {
    this.address = `m:${index}`;
  }

  async run(sha: string, _numKeys: number, [, nonce, number]: readonly Argument[]): Promise<unknown> {
    if (this.isAway) throw new MasterError(this.address, 'unreachable', 'reset');
    if (sha === READ_HIGHEST.sha) {
      this.reads += 1;
      this.onRead();
      return ['highest', String(this.highest), this.forgot];
    }
    expect(sha).to.equal(REMIND.sha);
    if (this.forgot === nonce) {
      this.forgot = '';
      this.highest = Math.max(this.highest, Number(number));
    }
    return this.forgot === '' ? ['reminded', String(this.highest)] : ['changed'];
  }
}

describe('Reminders', () => {
  let masters: NumberingMaster[];

  /** Of these, with the numbers that they know; one that is marked has forgotten. */
  function remindersOf(quorum: number, ...numbers: readonly (number | `forgot ${number}`)[]): Reminders {
    masters = numbers.map((number, index) =>
      typeof number === 'number'
        ? new NumberingMaster(index, number)
        : new NumberingMaster(index, Number(number.slice(7)), `loss of ${index}`),
    );
    return new Reminders(masters as unknown as readonly Master[], quorum);
  }
  const masterAt = (index: number): NumberingMaster => masters[index] ?? expect.fail('there is no such master');

  it('have a master start from the highest that the others know', async () => {
    expect(await remindersOf(2, 'forgot 3', 7, 9).remind(0, 'loss of 0')).to.equal(9);
    expect(masterAt(0)).to.include({ highest: 9, forgot: '' });
  });

  it('have it start from what it has kept itself, where that is more', async () => {
    expect(await remindersOf(2, 'forgot 12', 7, 9).remind(0, 'loss of 0')).to.equal(12);
    expect(masterAt(0)).to.include({ highest: 12, forgot: '' });
  });

  it('take it from there where another process was faster', async () => {
    const reminders = remindersOf(2, 'forgot 3', 7, 9);
    masterAt(2).onRead = () => Object.assign(masterAt(0), { highest: 20, forgot: '' });
    expect(await reminders.remind(0, 'loss of 0')).to.equal(20);
    expect(masterAt(0)).to.include({ highest: 20, forgot: '' });
  });

  it('leave a master as it is where its loss is another by now', async () => {
    expect(await remindersOf(2, 'forgot 3', 7, 9).remind(0, 'an earlier loss')).to.equal(null);
    expect(masterAt(0)).to.include({ highest: 3, forgot: 'loss of 0' });
  });

  for (const [size, quorum] of [
    [2, 2],
    [3, 2],
    [4, 3],
    [5, 3],
    [5, 4],
  ] as const) {
    it(`need ${size - quorum + 1} of ${size} masters that know, where ${quorum} have to agree`, async () => {
      for (let known = 0; known < size; known += 1) {
        const reminders = remindersOf(quorum, 'forgot 0', ...Array.from({ length: size - 1 }, (_, index) => index + 1));
        for (const master of masters.slice(1 + known)) master.isAway = true;
        const isEnough = known > size - quorum;
        expect(await reminders.remind(0, 'loss of 0'), `${known} that know`).to.equal(isEnough ? known : null);
      }
    });
  }

  it('make do with what is left where more than a minority has forgotten, and all are there', async () => {
    const reminders = remindersOf(3, 'forgot 1', 'forgot 8', 'forgot 2', 5, 6);
    expect(await reminders.remind(0, 'loss of 0')).to.equal(8);

    const without = remindersOf(3, 'forgot 1', 'forgot 8', 'forgot 2', 5, 6);
    masterAt(4).isAway = true;
    expect(await without.remind(0, 'loss of 0')).to.equal(null);
  });

  it('do not take those for a majority who forgot one after the other', async () => {
    // The number 9 was accepted by 0, 1 and 2. When 1 is reminded, 0 has forgotten; then 0 knows again, and 2 forgets.
    const reminders = remindersOf(3, 'forgot 0', 'forgot 0', 9, 4, 4);
    masterAt(2).onRead = () => {
      Object.assign(masterAt(0), { highest: 9, forgot: '' });
      Object.assign(masterAt(2), { highest: 0, forgot: 'loss of 2' });
    };
    expect(await reminders.remind(1, 'loss of 1')).to.equal(null);
    expect(masterAt(1)).to.include({ highest: 0, forgot: 'loss of 1' });
  });

  it('of one loss are one, however many ask for it, and of two losses are two', async () => {
    const reminders = remindersOf(2, 'forgot 3', 7, 9);
    const asked = [0, 1, 2].map(() => reminders.remind(0, 'loss of 0'));
    const other = reminders.remind(0, 'a later loss');
    expect(await Promise.all(asked)).to.eql([9, 9, 9]);
    // By then it has been reminded.
    expect(await other).to.equal(9);
    expect(masterAt(1).reads).to.equal(2);

    masterAt(0).forgot = 'loss of 0';
    expect(await reminders.remind(0, 'loss of 0')).to.equal(9);
  });
});

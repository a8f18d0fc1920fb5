import { expect } from 'chai';
import { runWorker } from './runWorker';
import type { Said } from './worker';
import { WRONGS } from './wrongs';

/** A slice of what `npm run soak` runs: some seconds of one core. */
const SEEDS = 200;

describe('The library in a simulation', function () {
  // For what hangs: it is work for the processor, which may have other work.
  this.timeout(600_000);

  async function saidBy(...task: readonly string[]): Promise<readonly Said[]> {
    const all: Said[] = [];
    expect(await runWorker(task, (said) => all.push(said))).to.equal(0);
    return all;
  }

  it(`keeps its promises on ${SEEDS} schedules`, async () => {
    const said = await saidBy('hunt', '1', String(SEEDS));
    expect(said.flatMap((one) => (one.kind === 'found' ? [one.text] : [])).join('\n')).to.equal('');
    expect(said.at(-1)).to.include({ kind: 'done', seeds: SEEDS });
  });

  it('finds each fault that is put in', async () => {
    const found = (await saidBy('wrongs')).flatMap((one) => (one.kind === 'wrong' ? [one] : []));
    expect(found.map(({ name }) => name)).to.deep.equal(WRONGS.map(({ name }) => name));
    for (const [place, { name, found: kinds }] of WRONGS.entries()) {
      expect(found[place]?.violation?.split(':')[0], name).to.be.oneOf([...kinds]);
    }
  });
});

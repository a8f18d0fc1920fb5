import { expect } from 'chai';
import { describeOnMasters } from '../../support/onMasters';

const seen: string[] = [];

describeOnMasters('describeOnMasters', (bench) => {
  let sha = '';

  it('runs on a set of which the living answer and the dead do not', async () => {
    const alive = await Promise.all(bench.all.map(answers));
    seen.push(`${bench.size}-${alive.filter((isAlive) => !isAlive).length}`);

    expect(bench.all).to.have.length(bench.size);
    expect(bench.living).to.eql(bench.all.filter((_master, index) => alive[index]));
    expect(bench.connections()).to.eql(bench.all.map(({ port }) => ({ host: '127.0.0.1', port })));
  });

  it('leaves a test with faults, keys and scripts behind', async () => {
    for (const master of bench.living) sha = String(await master.command('SCRIPT', 'LOAD', 'return 1'));
    for (const master of bench.living) await master.command('SET', 'key', 'value');
    for (const master of bench.all) await master.start();
    await bench.living[0]?.pause();
    await bench.living[1]?.kill();
  });

  it('and begins the next with none, scripts kept', async () => {
    expect(await Promise.all(bench.all.map(answers))).to.eql(bench.all.map((master) => bench.living.includes(master)));
    for (const master of bench.living) expect(await master.command('DBSIZE')).to.equal(0);
    expect(await bench.living[0]?.command('SCRIPT', 'EXISTS', sha)).to.eql([1]);
  });
});

describe('describeOnMasters, all in all', () => {
  it('has run over six sets, of masters and of dead ones', () => {
    expect(seen).to.eql(['1-0', '3-0', '4-0', '5-0', '3-1', '5-2']);
  });
});

async function answers(master: { command(name: string): Promise<unknown> }): Promise<boolean> {
  try {
    return (await master.command('PING')) === 'PONG';
  } catch {
    return false;
  }
}

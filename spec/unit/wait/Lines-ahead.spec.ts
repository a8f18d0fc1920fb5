import { expect } from 'chai';
import { useFakeTimers, type SinonFakeTimers } from 'sinon';
import { Lines } from '../../../lib/wait/Lines';
import { Held, lineOf, settling } from './lineOf';

const COURTESY_MS = 1;

describe('A line in which the next one holds the key while the first one still lets others pass', () => {
  let time: SinonFakeTimers;
  let lines: Lines;
  let woken: string[];

  beforeEach(() => {
    time = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    lines = new Lines();
    woken = [];
  });
  afterEach(() => time.restore());

  // One whose time is up does not wait for the line to go on: it makes its last attempt, and that may be granted.
  it('goes on when that hold has run out', async () => {
    const releaser = lines.join('key');
    lines.giveWay(releaser, COURTESY_MS);
    const ahead = lines.join('key');
    lineOf(lines, ['a', 'b'], woken);
    ahead.keep(new Held(50));
    time.tick(49);
    await settling();
    expect(woken).to.eql([]);

    time.tick(1);
    await settling();
    expect(woken).to.eql(['a: turn']);
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Run } from '../../../chaos/run';
import { isAlive } from '../../support/isAlive';
import { until } from '../../support/until';
import { TYPESCRIPT } from '../../support/typescript';

const CHAOS = join(__dirname, '..', '..', '..', 'chaos', 'chaos.ts');
const PLAY = join(__dirname, 'fixtures', 'play.ts');
/** Two busy cores enter some 150 in such a run: fewer than this is a lock that hardly serves. */
const FEWEST_SECTIONS = 20;
/** About half of them carry a fencing token. */
const FEWEST_FENCED = 5;

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'chaos-spec-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What `fixtures/play.ts` says of a run. */
interface Played {
  readonly faults: object;
  readonly sections: number;
  readonly holds: number;
  readonly steps: number;
  readonly words: string;
}

async function play(given: Run, folder: string): Promise<Played> {
  const child = spawn(process.execPath, [...TYPESCRIPT, PLAY, JSON.stringify(given), folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (text: Buffer) => (said += text.toString()));
  expect(await once(child, 'close')).to.deep.equal([0, null]);
  return JSON.parse(said) as Played;
}

describe('Chaos for ten seconds', function () {
  this.timeout(90_000);

  it('breaks no promise of the lock over three masters', async () => {
    const given: Run = { seed: 3, masters: 3, durationMs: 10_000, isGuarded: true };
    const { faults, sections, holds, steps, words } = await inFolder((folder) => play(given, folder));

    const none = { overlaps: [], tokens: [], unsettled: [], ghosts: [], unserved: [], failures: [] };
    expect(faults, words).to.deep.equal(none);
    expect(sections, words).to.be.at.least(FEWEST_SECTIONS);
    expect(holds, words).to.be.at.least(FEWEST_FENCED);
    expect(steps).to.be.above(80);
  });
});

describe('The chaos command', function () {
  this.timeout(300_000);

  const start = (...args: readonly string[]) =>
    spawn(process.execPath, [...TYPESCRIPT, CHAOS, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });

  it('ends with 2 for options that cannot be read', async () => {
    const child = start('--seconds', 'many');
    child.stdout.resume();

    expect(await once(child, 'exit')).to.deep.equal([2, null]);
  });

  it('takes all that it has started with it when it is interrupted', async () => {
    const child = start('--masters', '1', '--seed', '1');
    const closed = once(child, 'close');
    let said = '';
    child.stdout.on('data', (text: Buffer) => (said += text.toString()));
    const children: number[] = [];
    try {
      await until(() => said.includes('the locks are open'), 'the run is on its way', 30_000);
      children.push(...(await childrenOf(child.pid)));
    } finally {
      child.kill('SIGINT');
      await closed;
    }

    // Four workers and a master, and whatever helps to read TypeScript.
    expect(children, said).to.have.length.of.at.least(5);
    await until(() => !children.some(isAlive), 'the workers and the master have ended');
  });
});

async function childrenOf(pid: number | undefined): Promise<readonly number[]> {
  const ps = spawn('ps', ['-A', '-o', 'ppid=,pid=']);
  let listing = '';
  ps.stdout.on('data', (text: Buffer) => (listing += text.toString()));
  await once(ps, 'close');
  const rows = listing.split('\n').map((line) => line.trim().split(/\s+/).map(Number));
  return rows.flatMap(([parent, child]) => (parent === pid && child !== undefined ? [child] : []));
}

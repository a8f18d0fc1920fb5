import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { AwakeClock } from '../../support/AwakeClock';
import type { Master } from '../../support/Master';
import { startMasters } from '../../support/masters';
import { addressesOf } from './locks';
import { TYPESCRIPT } from '../../support/typescript';

const FIXTURE = join(__dirname, 'openLockClose.ts');
const SLACK_MS = 1000;

/** What a process said of its lock, with what it ended, and how long after its last word. */
async function run(config: object): Promise<{ said: string; code: number | null; stderr: string; lingeredMs: number }> {
  const child = spawn(process.execPath, [...TYPESCRIPT, FIXTURE, JSON.stringify(config)]);
  const clock = new AwakeClock();
  let [said, stderr, saidAtMs] = ['', '', 0];
  child.stdout.on('data', (bytes: Buffer) => {
    said += bytes.toString();
    saidAtMs = clock.ms;
  });
  child.stderr.on('data', (bytes: Buffer) => (stderr += bytes.toString()));
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    // Of each master without a vote it is warned.
    const errors = stderr.split('\n').filter((line) => line !== '' && !/RedisLockWarning|--trace-warnings/.test(line));
    return { said: said.trim(), code, stderr: errors.join('\n'), lingeredMs: clock.ms - saidAtMs };
  } finally {
    child.kill('SIGKILL');
    clock.stop();
  }
}

describe('The process of a lock', () => {
  let masters: readonly Master[] = [];

  before(async () => {
    masters = await startMasters(5);
  });
  afterEach(async () => {
    await Promise.all(masters.map((master) => master.resume()));
    await Promise.all(masters.map((master) => master.start()));
    await Promise.all(masters.map((master) => master.command('FLUSHALL')));
  });
  after(async () => {
    await Promise.all(masters.map((master) => master.stop()));
  });

  // As long as a timer may be that was left behind: longer than the slack.
  const configOf = (options: object = {}): object => ({
    connections: addressesOf(masters),
    options: { node_timeout: 3000, connect_timeout: 4000, ...options },
  });

  it('ends by itself when the lock is closed', async () => {
    const { lingeredMs, ...ended } = await run(configOf());
    expect(ended).to.deep.equal({ said: 'closed', code: 0, stderr: '' });
    expect(lingeredMs).to.be.below(SLACK_MS);
  });

  it('ends by itself also with a hung and a dead master', async () => {
    await masters[0]?.pause();
    await masters[1]?.kill();
    const { lingeredMs, ...ended } = await run(configOf({ node_timeout: 1500 }));
    expect(ended).to.deep.equal({ said: 'closed', code: 0, stderr: '' });
    expect(lingeredMs).to.be.below(SLACK_MS);
  });

  it('ends by itself when open fails, with hung and dead masters', async () => {
    await Promise.all(masters.slice(0, 2).map((master) => master.pause()));
    await masters[2]?.kill();
    const { lingeredMs, ...ended } = await run(configOf({ connect_timeout: 100 }));
    expect(ended).to.deep.equal({ said: 'NO_QUORUM', code: 0, stderr: '' });
    expect(lingeredMs).to.be.below(SLACK_MS);
  });
});

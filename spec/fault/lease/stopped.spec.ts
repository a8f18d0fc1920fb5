import { expect } from 'chai';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { addressesOf, useLocks, useMasters } from '../../integration/lock/locks';
import { keptOn } from '../../integration/lease/keptOn';
import { TYPESCRIPT } from '../../support/typescript';

const FIXTURE = join(__dirname, 'fixtures/hold.ts');
const TTL_MS = 1500;
const LONG = 60_000;

describe('A holder that is stopped for longer than its ttl', function () {
  // Another process has to start, on a machine that may be busy.
  this.timeout(300_000);

  const locks = useLocks();
  const masters = useMasters(3);
  let child: ChildProcess | null = null;
  afterEach(async () => {
    if (child === null || child.exitCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  });

  it('sees at its first look that it has lost the lock, hears of it within one turn, and harms nobody', async () => {
    const config = { connections: addressesOf(masters), options: { retry_timeout: 10 } };
    const holder = spawn(process.execPath, [...TYPESCRIPT, FIXTURE, JSON.stringify(config), String(TTL_MS)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child = holder;
    const lines = createInterface({ input: holder.stdout })[Symbol.asyncIterator]();
    const next = async (): Promise<unknown> => JSON.parse(String((await lines.next()).value)) as unknown;
    expect(await next()).to.eql({ isValid: true, fired: 0 });
    holder.kill('SIGSTOP');
    const lock = await locks.open(config);
    const stoppedMs = performance.now();
    await lock.acquireLease('other', 'key', LONG, { timeout: LONG });
    const isKept = await keptOn(masters, 'key');
    while (performance.now() - stoppedMs < 1.5 * TTL_MS) await new Promise((resolve) => setTimeout(resolve, 20));
    holder.kill('SIGCONT');

    expect(await next()).to.eql({ isValid: false, aborted: true, fired: 1, code: 'LOCK_LOST', kind: 'expired' });
    expect(await once(holder, 'exit')).to.eql([0, null]);
    expect(await isKept()).to.equal(true);
  });
});

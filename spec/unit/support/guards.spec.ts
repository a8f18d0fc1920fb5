import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(__dirname, '../../..');
const MOCHA = join(ROOT, 'node_modules/mocha/bin/mocha.js');
const FIXTURE = join(__dirname, 'fixtures/leaks.ts');

interface Report {
  readonly stats: { readonly passes: number };
  readonly failures: readonly { readonly fullTitle: string; readonly err: { readonly message: string } }[];
}

describe('guards', function () {
  // One process of its own, started and compiled while others may run.
  this.timeout(300_000);

  let report: Report;
  let exitCode: number | null;
  const messagesOf = (suite: string) =>
    report.failures.filter(({ fullTitle }) => fullTitle.startsWith(suite)).map(({ err }) => err.message);

  before(async () => {
    const run = await runMocha();
    exitCode = run.exitCode;
    report = JSON.parse(run.stdout) as Report;
  });

  it('fail the run', () => {
    expect(exitCode).to.be.above(0);
    expect(report.stats.passes).to.equal(10);
  });

  for (const [suite, kind] of [
    ['timer', '1 x timer'],
    ['short timer', '1 x timer'],
    ['timer without a mocha timeout', '1 x timer'],
    ['listening socket', '1 x listening socket'],
    ['socket', '2 x socket'],
    ['child process', '1 x pipe or unix socket, 1 x child process'],
  ] as const) {
    it(`name the suite that leaves a ${suite}`, () => {
      expect(messagesOf(`${suite} "after all" hook: leaves nothing behind`)).to.eql([
        `"${suite}" (${FIXTURE}) left behind: ${kind}`,
      ]);
    });
  }

  it('name the suite that makes an emitter warn of too many listeners', () => {
    const [message, ...more] = messagesOf('listeners "after all" hook');
    expect(message).to.match(/^"listeners" .* left behind: MaxListenersExceededWarning: .*SIGUSR2/);
    expect(more).to.eql([]);
  });

  it('fail the test that leaves a rejection unhandled', () => {
    // Mocha reports a test a second time that goes on to its end after an uncaught error.
    const messages = new Set(messagesOf('rejection'));
    expect([...messages]).to.eql(['nobody handles this', 'unhandled rejection: nor this']);
  });

  it('name a test outside of any suite', () => {
    expect(messagesOf('"after all" hook')).to.eql(['"timer outside of any suite" left behind: 1 x timer']);
  });

  it('let a suite pass that leaves nothing, whatever was left before it', () => {
    expect(messagesOf('nothing')).to.eql([]);
  });
});

function runMocha(): Promise<{ readonly stdout: string; readonly exitCode: number | null }> {
  const config = ['--no-config', '--require', 'tsx/cjs', '--require', join(ROOT, 'spec/support/guards.ts')];
  return new Promise((resolve) => {
    const args = [MOCHA, ...config, '--reporter', 'json', '--exit', FIXTURE];
    const child = execFile(process.execPath, args, { cwd: ROOT }, (_error, stdout) =>
      resolve({ stdout, exitCode: child.exitCode }),
    );
  });
}

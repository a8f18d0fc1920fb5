/** Runs each bundle that is named as an argument against a master. */
import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { startMasters } from '../support/masters';

const LIMIT_MS = 30_000;

async function runBundles(bundles: readonly string[]): Promise<void> {
  const [master] = await startMasters(1);
  if (master === undefined) throw new Error('no master was started');
  try {
    for (const bundle of bundles) {
      const options = { cwd: dirname(bundle), timeout: LIMIT_MS, killSignal: 'SIGKILL' } as const;
      const { stdout } = await promisify(execFile)(process.execPath, [bundle, master.uri], options);
      if (stdout !== 'held: true\n') throw new Error(`${bundle} printed ${JSON.stringify(stdout)}`);
    }
  } finally {
    await master.stop();
  }
}

void runBundles(process.argv.slice(2));

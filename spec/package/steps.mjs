/** What a check of the package is made of: steps that are named, and commands that end in bounded time. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CheckFailed, demand } from './demand.mjs';

const STEP_LIMIT_MS = 300_000;

/** @returns what the command has printed */
export function run(cwd, command, ...args) {
  const options = { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: STEP_LIMIT_MS };
  const { status, signal, error, stdout, stderr } = spawnSync(command, args, options);
  const outcome = error?.message ?? (signal === null ? `exit code ${status}` : `ended by ${signal}`);
  demand(
    status === 0,
    `'${[command, ...args].join(' ')}' failed (${outcome})\n${stdout ?? ''}${stderr ?? ''}`.trimEnd(),
  );
  return stdout;
}

export async function check(title, action) {
  try {
    const result = await action();
    console.log(`ok      ${title}`);
    return result;
  } catch (error) {
    console.log(`FAILED  ${title}`);
    throw error;
  }
}

/** Does all steps in an empty folder that goes with them; the first that fails ends them, and decides the exit code. */
export async function inFolder(steps) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'package-check-')));
  try {
    await steps(folder);
  } catch (error) {
    console.error(error instanceof CheckFailed ? error.message : error);
    process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

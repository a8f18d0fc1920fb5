/**
 * Runs the contract on one runtime, over three masters of its own.
 *
 * Arguments: the runtime with its major version, as `bun@1`, the folder to run it in, and the command for it.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { endWithProcess } from '../support/endWithProcess';
import type { Master } from '../support/Master';
import { startMasters } from '../support/masters';

const LIMIT_MS = 90_000;
/** How long a process may take that has nothing left to do. */
const END_MS = 5_000;

type Program = ChildProcessByStdio<null, Readable, null>;

/** Its lines, as they come, with the time at which the last one came. */
async function follow(program: Program, master: Master): Promise<{ lines: readonly string[]; lastMs: number }> {
  const lines: string[] = [];
  let lastMs = performance.now();
  for await (const line of createInterface({ input: program.stdout })) {
    console.log(line);
    lines.push(line);
    lastMs = performance.now();
    if (line === '  now let a master die') await master.kill();
  }
  return { lines, lastMs };
}

/** @returns what is wrong; null when nothing is */
async function faultOf(program: Program, wanted: string, master: Master): Promise<string | null> {
  const [{ lines, lastMs }, [code, signal]] = await Promise.all([
    follow(program, master),
    once(program, 'close') as Promise<[number | null, string | null]>,
  ]);
  const version = lines[0] ?? 'a runtime that said nothing';
  const after = `after '${lines.at(-1)?.trim() ?? ''}'`;
  if (signal !== null) return `${version}: ended by ${signal} ${after}; ${LIMIT_MS} ms are the limit`;
  if (code !== 0) return `${version}: exit code ${code} ${after}`;
  if (!version.startsWith(`${wanted.replace('@', ' ')}.`)) return `${version} ran in the place of ${wanted}`;
  // Some runtimes end with 0 where nothing is left that could settle what is awaited.
  if (lines.at(-1) !== '  done') return `${version}: ended by itself ${after}`;
  const idleMs = performance.now() - lastMs;
  return idleMs > END_MS ? `${version}: lived on for ${Math.round(idleMs)} ms after it was done` : null;
}

async function runContract(wanted: string, cwd: string, command: string, args: readonly string[]): Promise<void> {
  const masters = await startMasters(3);
  const program = spawn(command, [...args, ...masters.map(({ uri }) => uri)], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  const unhook = endWithProcess(() => void program.kill('SIGKILL'));
  try {
    const [first] = masters as readonly [Master];
    const fault = await faultOf(program, wanted, first);
    if (fault !== null) throw new Error(fault);
  } finally {
    program.kill('SIGKILL');
    unhook();
    await Promise.all(masters.map((master) => master.stop()));
  }
}

const [wanted = '', folder = '', command = '', ...args] = process.argv.slice(2);
runContract(wanted, folder, command, args).catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});

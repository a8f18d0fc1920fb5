import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { TYPESCRIPT } from '../support/typescript';
import type { Said } from './worker';

const WORKER = join(__dirname, 'worker.ts');

/**
 * Runs a simulation in a process of its own.
 *
 * @param onSaid is told of each thing that it says
 * @returns its exit code
 */
export function runWorker(task: readonly string[], onSaid: (said: Said) => void): Promise<number | null> {
  const child = spawn(process.execPath, [...TYPESCRIPT, WORKER, ...task], { stdio: ['ignore', 'pipe', 'inherit'] });
  createInterface(child.stdout).on('line', (line) => onSaid(JSON.parse(line) as Said));
  return new Promise((resolve) => child.once('close', resolve));
}

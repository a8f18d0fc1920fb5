import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { TYPESCRIPT } from '../support/typescript';
import type { Said } from './worker';

const WORKER = join(__dirname, 'worker.ts');

/** A simulation in a process of its own. */
export interface Worker {
  readonly child: ChildProcess;
  /** Resolves to its exit code. */
  readonly ended: Promise<number | null>;
}

/** @param onSaid is told of each thing that it says */
export function startWorker(task: readonly string[], onSaid: (said: Said) => void): Worker {
  const child = spawn(process.execPath, [...TYPESCRIPT, WORKER, ...task], { stdio: ['ignore', 'pipe', 'inherit'] });
  createInterface(child.stdout).on('line', (line) => onSaid(JSON.parse(line) as Said));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, ended };
}

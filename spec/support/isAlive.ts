import { spawnSync } from 'node:child_process';

/**
 * Whether a process runs. One that has ended, and whose parent has not asked for its end yet, does not: where the parent
 * is gone as well, the system's first process asks in its own time, which may be seconds later.
 */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // Where there is no `ps`, nobody can tell the difference.
  const { stdout, status } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return status === null || !(stdout.trim() === '' || stdout.trim().startsWith('Z'));
}

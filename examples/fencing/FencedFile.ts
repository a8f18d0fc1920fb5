import { randomUUID } from 'node:crypto';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Lease } from '../../lib/index';

/** The lock was lost, and a newer holder has written: this one's work is void. */
export class StaleTokenError extends Error {}

/**
 * A file that only the newest holder of a lock can write. Its token stands in the name, `<path>.<token>`, and the
 * highest one is the file: so data and token change in one step, and one that comes late replaces nothing, wherever its
 * process was stopped.
 */
export class FencedFile {
  constructor(private readonly path: string) {}

  /** What the newest holder has written; null where nobody has. */
  async read(): Promise<string | null> {
    for (;;) {
      const token = Math.max(...(await this.#tokens()));
      if (token === -Infinity) return null;
      const text = await readFile(`${this.path}.${token}`, 'utf8').catch(absent);
      // Else a newer one has come and taken it away.
      if (text !== null) return text;
    }
  }

  /** @throws StaleTokenError when a newer holder has written */
  async write({ fencingToken: token }: Pick<Lease, 'fencingToken'>, text: string): Promise<void> {
    if (token === null) throw new TypeError('The lease was acquired without `fencing: true`');
    const draft = `${this.path}.draft-${randomUUID()}`;
    await writeFile(draft, text);
    await rename(draft, `${this.path}.${token}`);
    // Compared after the write: between a comparison and the write after it, a newer one could come.
    const tokens = await this.#tokens();
    for (const former of tokens.filter((one) => one < Math.max(...tokens))) {
      await rm(`${this.path}.${former}`, { force: true });
    }
    if (token < Math.max(...tokens))
      throw new StaleTokenError(`Refused: ${token} is older than ${Math.max(...tokens)}`);
  }

  async #tokens(): Promise<readonly number[]> {
    const prefix = `${basename(this.path)}.`;
    const names = (await readdir(dirname(this.path))).filter((name) => name.startsWith(prefix));
    return names
      .map((name) => name.slice(prefix.length))
      .filter((end) => /^\d+$/.test(end))
      .map(Number);
  }
}

function absent(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}

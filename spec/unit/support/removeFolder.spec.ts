import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeFolder } from '../../support/removeFolder';
import { until } from '../../support/until';

/** Writes one file after the other, for a while or until its folder has gone. */
const WRITER = `
  const { writeFileSync } = require('node:fs');
  const end = performance.now() + 200;
  for (let count = 0; performance.now() < end; count++) {
    try { writeFileSync(process.argv[1] + '/' + count, ''); } catch { break; }
  }`;

describe('removeFolder', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'remove-folder-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('removes what is in it, and is content where it is not there', () => {
    mkdirSync(join(folder, 'inner'));
    writeFileSync(join(folder, 'inner/file'), '');
    removeFolder(folder);

    expect(existsSync(folder)).to.equal(false);
    removeFolder(folder);
  });

  it('goes on while processes that are about to end put files into it', async () => {
    const writers = [1, 2].map((index) => {
      const inner = join(folder, String(index));
      mkdirSync(inner);
      return spawn(process.execPath, ['-e', WRITER, inner], { stdio: 'ignore' });
    });
    const ended = Promise.all(writers.map((writer) => once(writer, 'exit')));
    await until(
      () => writers.every((_, index) => readdirSync(join(folder, String(index + 1))).length > 0),
      'they write',
    );
    removeFolder(folder);

    expect(existsSync(folder)).to.equal(false);
    await ended;
  });
});

import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { TYPESCRIPT } from '../../support/typescript';

const FIXTURE = join(__dirname, 'fixtures/endings.ts');

describe('endWithProcess', () => {
  it('ends what was begun last first, whatever fails on the way, and lets the process fail for it', () => {
    const { stdout, stderr, status } = spawnSync(process.execPath, [...TYPESCRIPT, FIXTURE], { encoding: 'utf8' });

    expect(stdout.trimEnd().split('\n')).to.eql(['the process that writes to the folder', 'what fails', 'the folder']);
    expect(stderr).to.contain('Error: it does not end');
    expect(status).not.to.equal(0);
  });
});

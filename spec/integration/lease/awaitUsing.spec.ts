import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { addressesOf, useMasters } from '../lock/locks';
import { TYPESCRIPT } from '../../support/typescript';

const SOURCE = join(__dirname, 'fixtures/awaitUsing.ts');
const LIB = join(__dirname, '../../../lib');

describe('A lease in an `await using` block', function () {
  // Another process has to start, on a machine that may be busy.
  this.timeout(300_000);

  const masters = useMasters(3);
  let folder = '';

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'await-using-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  it('is given back at its end, as TypeScript compiles it for the oldest Node that is supported', async () => {
    // Its import leads to the same files from wherever it stands.
    const source = readFileSync(SOURCE, 'utf8').replace('../../../../lib', LIB);
    const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS };
    const { outputText } = ts.transpileModule(source, { compilerOptions });
    expect(outputText).not.to.match(/await using /);
    const program = join(folder, 'awaitUsing.cjs');
    writeFileSync(program, outputText);
    const config = JSON.stringify({ connections: addressesOf(masters), options: { notify: false } });
    const { stdout } = await promisify(execFile)(process.execPath, [...TYPESCRIPT, program, config]);

    expect(JSON.parse(stdout)).to.eql([true, false, true, 'its own, of key', true]);
  });
});

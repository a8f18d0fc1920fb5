import { expect } from 'chai';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { findServerBinary } from '../../support/serverBinary';

describe('findServerBinary', () => {
  let root = '';
  const folder = (name: string) => join(root, name);

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'path-'));
    for (const name of ['one', 'two']) mkdirSync(folder(name));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  function put(name: string, mode = 0o755): string {
    const file = folder(name);
    writeFileSync(file, '', { mode });
    return file;
  }
  const find = () => findServerBinary(['', folder('none'), folder('one'), folder('two')].join(delimiter));

  it('finds nothing where there is nothing, or nothing that can be run', () => {
    put('one/redis-server', 0o644);
    mkdirSync(folder('two/redis-server'));
    expect(find()).to.equal(null);
    expect(findServerBinary('')).to.equal(null);
  });

  it('finds a valkey-server', () => {
    const valkey = put('two/valkey-server');
    expect(find()).to.equal(valkey);
  });

  it('prefers a redis-server, and the first of two', () => {
    put('one/valkey-server');
    const second = put('two/redis-server');
    expect(find()).to.equal(second);
    const first = put('one/redis-server');
    expect(find()).to.equal(first);
  });
});

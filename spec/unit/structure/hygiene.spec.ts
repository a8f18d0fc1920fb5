import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';

const ROOT = join(__dirname, '..', '..', '..');
const MAX_LINES = 300;
const NOT_OURS: ReadonlySet<string> = new Set(['.git', 'node_modules', 'dist']);

/** Paths relative to the root, written with `/`. A downloaded archive has no git, and git may be missing: walk, then. */
function projectFiles(root: string): string[] {
  const listed = listedByGit(root);
  return (listed.length > 0 ? listed : walk(root)).filter((file) => existsSync(join(root, file)));
}

/** What git tracks, and what it would track with the next commit, so that a slip is seen before it is committed. */
function listedByGit(root: string): string[] {
  try {
    const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
    const listing = execFileSync('git', args, { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] });
    return listing.toString('utf8').split('\0').filter(Boolean);
  } catch {
    return [];
  }
}

function walk(root: string): string[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => !NOT_OURS.has(entry.name))
    .flatMap((entry) =>
      entry.isDirectory() ? walk(join(root, entry.name)).map((below) => `${entry.name}/${below}`) : [entry.name],
    );
}

/** The lines of a spec that narrow the run or leave something out of it. */
function narrowingLines(text: string): number[] {
  return text.split('\n').flatMap((line, index) => (/\.(?:only|skip)\s*\(/.test(line) ? [index + 1] : []));
}

/** `instanceof` may name a class of lib itself or of `redlock`, of which there is one copy beside it. */
function namesForeignClass(text: string): boolean {
  return /\binstanceof (?!MasterError\b|ExecutionError\b)\w/.test(text.replace(/\/\*\*?[^]*?\*\/|\/\/.*/g, ''));
}

interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly resolved?: string }>>;
}

/** A lockfile that names a host can be installed from that host alone; without one it follows the machine's setting. */
function hostedPackages(lockfile: Lockfile): string[] {
  return Object.entries(lockfile.packages).flatMap(([path, { resolved }]) =>
    resolved !== undefined && resolved.includes('//') ? [path] : [],
  );
}

function lineCount(text: string): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
}

describe('The project tree', () => {
  const files = projectFiles(ROOT);
  const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

  it('has no spec that narrows the run', () => {
    const specs = files.filter((file) => /^spec\/.*\.ts$/.test(file));

    expect(specs).to.include('spec/unit/structure/hygiene.spec.ts');
    expect(specs.flatMap((file) => narrowingLines(read(file)).map((line) => `${file}:${line}`))).to.deep.equal([]);
  });

  it('has a lockfile that names no registry', () => {
    const lockfile = JSON.parse(read('package-lock.json')) as Lockfile;

    expect(lockfile.packages).to.include.keys('', 'node_modules/redlock');
    expect(hostedPackages(lockfile)).to.deep.equal([]);
  });

  it(`has no file of more than ${MAX_LINES} lines in lib`, () => {
    const sources = files.filter((file) => file.startsWith('lib/'));

    expect(sources).to.include('lib/index.ts');
    expect(sources.filter((file) => lineCount(read(file)) > MAX_LINES)).to.deep.equal([]);
  });
});

describe('The classes that each realm and each copy of a package has of its own', () => {
  it('are not what lib tells values by', () => {
    const sources = projectFiles(ROOT).filter((file) => file.startsWith('lib/'));
    const found = sources.filter((file) => namesForeignClass(readFileSync(join(ROOT, file), 'utf8')));

    expect(found).to.deep.equal([]);
  });

  it('are seen', () => {
    expect(
      ['a instanceof Error', 'a instanceof ConfigException', 'a instanceof Promise'].map(namesForeignClass),
    ).to.not.include(false);
    expect(namesForeignClass('a instanceof MasterError || b instanceof ExecutionError')).to.equal(false);
  });
});

describe('The checks of the project tree', () => {
  it('list the same sources with and without git', () => {
    const inLib = (list: readonly string[]): string[] => list.filter((file) => file.startsWith('lib/'));

    expect(walk(ROOT)).to.include.members(inLib(projectFiles(ROOT)));
    expect(walk(ROOT).filter((file) => NOT_OURS.has(file.split('/')[0] ?? ''))).to.deep.equal([]);
  });

  it('walk a folder that git does not know', () => {
    const folder = mkdtempSync(join(tmpdir(), 'hygiene-'));
    try {
      for (const path of ['lib/a', 'node_modules/b']) mkdirSync(join(folder, path), { recursive: true });
      for (const path of ['lib/a/A.ts', 'node_modules/b/B.ts', 'C.md']) writeFileSync(join(folder, path), '');

      expect(listedByGit(folder)).to.deep.equal([]);
      expect(projectFiles(folder)).to.have.members(['lib/a/A.ts', 'C.md']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('see a spec that narrows the run', () => {
    const text = ['only', 'skip'].map((word) => `describe.${word}('x', () => {});`).join('\nit("y");\n');

    expect(narrowingLines(text)).to.deep.equal([1, 3]);
    expect(narrowingLines('it("takes only (and skips) what it needs");')).to.deep.equal([]);
  });

  it('see a package that is bound to a host', () => {
    const packages = {
      '': {},
      'node_modules/a': { resolved: 'https://registry.example/a/-/a-1.0.0.tgz' },
      'node_modules/b': { resolved: 'git+ssh://git@host.example/b.git#0123456' },
      'node_modules/c': {},
      'node_modules/d': { resolved: 'packages/d' },
    };

    expect(hostedPackages({ packages })).to.deep.equal(['node_modules/a', 'node_modules/b']);
  });

  it('count the lines of a file with and without a last newline', () => {
    expect(['a', 'a\n', 'a\nb', 'a\nb\n', 'a\n\n'].map(lineCount)).to.deep.equal([1, 1, 2, 2, 2]);
  });
});

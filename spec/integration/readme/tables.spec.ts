import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ErrorCode } from '../../../lib';
import { blocksOf, codeIn, CONTRIBUTING, isReserved, libWithout, README, ROOT, tableOf } from './readme';

/** Files of the repository, for a README that is read where they are not. */
const REPOSITORY = 'https://github.com/pip-services4/pip-services4-redlock-node/blob/main/';

const ERRORS = tableOf(README, 'code', 'class', 'when');
const COMMANDS = tableOf(CONTRIBUTING, 'command', 'what it does');
const FOLDERS = tableOf(CONTRIBUTING, 'folder', 'what is in it');
const EVENTS = readFileSync(join(ROOT, 'lib', 'observe', 'LockEvent.ts'), 'utf8');

describe("The README's errors", () => {
  it('are every code, and no other', () => {
    const codes = ERRORS.flatMap((row) => codeIn(row['code'] ?? ''));

    expect(codes).to.deep.equal(Object.values(ErrorCode));
  });

  it('are marked as reserved where nothing throws them', () => {
    const sources = libWithout('contract/ErrorCode.ts');
    const isNamed = (code: string): boolean => new RegExp(`ErrorCode\\.${code}\\b|'${code}'`).test(sources);
    const silent = ERRORS.filter((row) => !codeIn(row['code'] ?? '').some(isNamed));

    expect(ERRORS.filter(isReserved)).to.deep.equal(silent);
  });
});

describe("The README's observation", () => {
  const rows = tableOf(README, 'event', 'logger', 'counters', 'tracer');
  const namesIn = (text: string, pattern: RegExp): readonly string[] =>
    [...new Set([...text.matchAll(pattern)].map(([, name = '']) => name))].sort();

  it('has every counter, and no other', () => {
    const counted = namesIn(EVENTS, /readonly kind: '([\w-]+)'/g).filter((kind) => kind !== 'warning');
    const shown = rows.flatMap((row) => codeIn(row['counters'] ?? ''));

    expect(shown).to.have.members([...counted, 'acquire_time'].map((name) => `redlock.${name}`));
  });

  it('has every operation whose failure is told, and no other', () => {
    const [, operations = ''] = /readonly operation: ([^;]*);/.exec(EVENTS) ?? [];
    const told = namesIn(operations, /'(\w+)'/g);
    const shown = rows.flatMap((row) => (row['event']?.includes(' failed') ? codeIn(row['event']) : []));

    expect([...shown].sort()).to.deep.equal(told);
  });
});

describe("The pages' map of the project", () => {
  it('has every command, and no other', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object };
    const named = [...`${README}${CONTRIBUTING}`.matchAll(/\bnpm (?:run )?([\w:]+)/g)].map(([, name = '']) => name);
    // npm itself runs it before it packs.
    const commands = Object.keys(scripts).filter((name) => name !== 'prepack');

    const listed = COMMANDS.flatMap((row) => codeIn(row['command'] ?? ''));
    expect(listed).to.have.members(commands.map((name) => (name === 'test' ? 'npm test' : `npm run ${name}`)));
    expect(named.filter((name) => !['ci', 'install', 'pack', ...commands].includes(name))).to.deep.equal([]);
  });

  it('has every folder of the library, and no folder that is not there', () => {
    const folders = FOLDERS.flatMap((row) => codeIn(row['folder'] ?? ''));
    const inLib = folders.filter((folder) => folder.startsWith('lib/'));
    const entries = readdirSync(join(ROOT, 'lib'), { withFileTypes: true });

    expect(inLib).to.have.members(entries.filter((entry) => entry.isDirectory()).map(({ name }) => `lib/${name}/`));
    expect(folders.filter((folder) => !existsSync(join(ROOT, folder)))).to.deep.equal([]);
  });

  it('shows the two commands that do everything on its first screen', () => {
    const [first = ''] = README.split(/^## /m);

    expect(first.split('\n').length).to.be.below(45);
    expect(blocksOf(first).map(({ text }) => text)).to.deep.equal(['npm ci && npm run demo', 'npm ci && npm test']);
  });

  it('names files of the repository by links to it alone, since the README is shipped without them', () => {
    const shipped = README.replace(/\]\(https:[^)]*\)/g, ']()');
    const named = [...shipped.matchAll(/\b(?:lib|spec|docker|bench|chaos|examples|\.ci)\/[\w./-]*/g)].map(
      ([name]) => name,
    );

    expect(named).to.deep.equal([]);
    expect(README).not.to.match(/\]\((?!#|https:|LICENSE\)|CHANGELOG\.md\))/);
  });

  it('links to what is there', () => {
    const slugs = [...README.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replace(/[^\w -]/g, '')
        .replace(/ /g, '-'),
    );
    const targets = [...README.matchAll(/\]\(([^)]*)\)/g)].map(([, target = '']) => target);
    const isThere = (target: string): boolean =>
      target.startsWith('#')
        ? slugs.includes(target.slice(1))
        : existsSync(join(ROOT, target.startsWith(REPOSITORY) ? target.slice(REPOSITORY.length) : target));

    expect(targets).to.include('#install');
    expect(targets.filter((target) => !isThere(target))).to.deep.equal([]);
  });
});

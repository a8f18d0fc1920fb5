import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, posix, sep } from 'node:path';
import { expect } from 'chai';
import ts from 'typescript';

/** One file of the library and what it imports; paths are relative to `lib/` and written with `/`. */
interface Module {
  readonly file: string;
  readonly imports: readonly string[];
}

/** The stages of the work. Each may import from itself and from those after it, never from one before it. */
const STAGES = [
  'index.ts',
  'build',
  'lock',
  'lease',
  'wait',
  'quorum',
  'master',
  'config',
  'observe',
  'contract',
  'time',
] as const;

/** Packages with one door: whoever else needs what they do asks the stage that wraps them. */
const OWNERS: ReadonlyMap<string, string> = new Map([
  ['redlock', 'quorum'],
  ['ioredis', 'master'],
]);

const stageOf = (file: string): string => file.split('/')[0] ?? file;

const rankOf = (stage: string): number => STAGES.findIndex((known) => known === stage);

const isRelative = (specifier: string): boolean => /^\.\.?(\/|$)/.test(specifier);

function packageOf(specifier: string): string {
  const parts = specifier.split('/');
  return parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}

/** The file in `lib/` that a relative specifier means, or undefined where it means none. */
function targetOf(from: string, specifier: string, files: ReadonlySet<string>): string | undefined {
  const path = posix.join(posix.dirname(from), specifier);
  return [path, `${path}.ts`, path.replace(/\.js$/, '.ts'), posix.join(path, 'index.ts')].find((it) => files.has(it));
}

function packageViolations(file: string, specifier: string, dependencies: readonly string[]): string[] {
  if (specifier.startsWith('node:') && isBuiltin(specifier)) return [];
  const name = packageOf(specifier);
  if (!dependencies.includes(name)) return [`${file}: '${specifier}' is no node: builtin and no declared dependency`];
  const owner = OWNERS.get(name);
  return owner === undefined || owner === stageOf(file) ? [] : [`${file}: only ${owner} may import '${name}'`];
}

function orderViolations(file: string, target: string): string[] {
  const [from, to] = [stageOf(file), stageOf(target)];
  return from === to || rankOf(from) < rankOf(to) ? [] : [`${file}: ${from} may not import from ${to} (${target})`];
}

function cyclesIn(edges: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, trail: readonly string[]): void => {
    const start = trail.indexOf(file);
    if (start >= 0) found.push(`cycle: ${[...trail.slice(start), file].join(' -> ')}`);
    if (start >= 0 || done.has(file)) return;
    for (const next of edges.get(file) ?? []) visit(next, [...trail, file]);
    done.add(file);
  };
  for (const file of edges.keys()) visit(file, []);
  return found;
}

/**
 * The import rule. Imports of types count like any other: they end up in the declarations that a consumer compiles,
 * and two files that need each other's types are one page that was cut in the wrong place.
 */
function violationsIn(modules: readonly Module[], dependencies: readonly string[]): string[] {
  const files = new Set(modules.map(({ file }) => file));
  const edges = new Map<string, readonly string[]>();
  const found: string[] = [];
  for (const { file, imports } of modules) {
    const targets: string[] = [];
    if (rankOf(stageOf(file)) < 0) found.push(`${file}: '${stageOf(file)}' is none of the library's folders`);
    for (const specifier of imports) {
      const target = targetOf(file, specifier, files);
      if (!isRelative(specifier)) found.push(...packageViolations(file, specifier, dependencies));
      else if (target === undefined) found.push(`${file}: '${specifier}' is no file of the library`);
      else {
        targets.push(target);
        found.push(...orderViolations(file, target));
      }
    }
    edges.set(file, targets);
  }
  return [...found, ...cyclesIn(edges)];
}

/**
 * Everything that a source file imports: static, re-exported, dynamic, required, or named as a type. It walks the syntax
 * tree because the quicker `ts.preProcessFile` loses its way behind a quote or a backtick in a regular expression.
 */
function importsOf(text: string): string[] {
  const found: string[] = [];
  const take = (node: ts.Node | undefined): void => {
    if (node !== undefined && ts.isStringLiteralLike(node)) found.push(node.text);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) take(node.moduleSpecifier);
    else if (ts.isExternalModuleReference(node)) take(node.expression);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) take(node.argument.literal);
    else if (ts.isCallExpression(node)) {
      const { expression: callee } = node;
      if (callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === 'require')) {
        take(node.arguments[0]);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('module.ts', text, ts.ScriptTarget.Latest));
  return found;
}

function readModules(root: string): Module[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({
      file: path.slice(root.length + 1).replaceAll(sep, '/'),
      imports: path.endsWith('.ts') ? importsOf(readFileSync(path, 'utf8')) : [],
    }));
}

describe('The import rule', () => {
  const root = join(__dirname, '..', '..', '..');
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };

  it('is held by every file in lib', () => {
    const modules = readModules(join(root, 'lib'));

    expect(modules.map(({ file }) => file)).to.include('index.ts');
    expect(violationsIn(modules, Object.keys(manifest.dependencies))).to.deep.equal([]);
  });

  it('reads every form of import', () => {
    const text = `
      import a from './a'; import type { B } from './b'; import { type C } from './c'; import './d'; import e = require('./e');
      export { f } from './f'; export * from './g'; export type { H } from './h'; export * as i from './i';
      const quotes = [/\`/, /'/]; // import x from './no1'
      const text = "import('./no2')" + \`require('./no3')\`;
      const j = import('./j'); const k = require('./k'); type L = import('./l').L; const m = \`\${require('./m')}\`;
      const n = import(\`./n\`);`;

    expect(importsOf(text)).to.deep.equal([...'abcdefghijklmn'].map((name) => `./${name}`));
  });
});

describe('The import rule on examples', () => {
  const DEPENDENCIES = ['redlock', 'ioredis', '@scope/thing'];
  const check = (...modules: [file: string, ...imports: string[]][]): string[] =>
    violationsIn(
      modules.map(([file, ...imports]) => ({ file, imports })),
      DEPENDENCIES,
    );

  it('accepts a tree in order', () => {
    const found = check(
      ['index.ts', './lock/Lock', './contract'],
      ['lock/Lock.ts', 'node:events', '../quorum/lua/acquire.js', './sub/Part'],
      ['lock/sub/Part.ts', '@scope/thing/deep'],
      ['quorum/lua/acquire.ts', 'redlock', '../../master/Master'],
      ['quorum/README.md'],
      ['master/Master.ts', 'ioredis', '../config/Options'],
      ['config/Options.ts', '../observe/Event'],
      ['observe/Event.ts', '../contract/'],
      ['contract/index.ts', './Context'],
      ['contract/Context.ts'],
    );

    expect(found).to.deep.equal([]);
  });

  for (const [before, stage] of STAGES.slice(0, -1).entries()) {
    const next = STAGES[before + 1] ?? '';

    it(`reports ${next} importing from ${stage}`, () => {
      const target = stage === 'index.ts' ? stage : `${stage}/B.ts`;
      const found = check([`${next}/A.ts`, `../${target.replace('.ts', '')}`], [target]);

      expect(found).to.deep.equal([`${next}/A.ts: ${next} may not import from ${stage} (${target})`]);
    });
  }

  it('reports an import that skips stages on its way back', () => {
    const found = check(['contract/A.ts', '../lock/B'], ['lock/B.ts']);

    expect(found).to.deep.equal(['contract/A.ts: contract may not import from lock (lock/B.ts)']);
  });

  it('reports a cycle once, however it is entered', () => {
    const found = check(
      ['wait/Entry.ts', './C'],
      ['wait/A.ts', './B'],
      ['wait/B.ts', './C'],
      ['wait/C.ts', './A'],
      ['wait/Other.ts', './A'],
    );

    expect(found).to.deep.equal(['cycle: wait/C.ts -> wait/A.ts -> wait/B.ts -> wait/C.ts']);
  });

  it('reports a file that imports itself', () => {
    expect(check(['wait/A.ts', './A'])).to.deep.equal(['cycle: wait/A.ts -> wait/A.ts']);
  });

  it('reports redlock outside quorum and ioredis outside master, a deep path too', () => {
    const found = check(['lock/A.ts', 'redlock', 'ioredis/built/Redis'], ['quorum/B.ts', 'ioredis']);

    expect(found).to.deep.equal([
      "lock/A.ts: only quorum may import 'redlock'",
      "lock/A.ts: only master may import 'ioredis'",
      "quorum/B.ts: only master may import 'ioredis'",
    ]);
  });

  it('reports packages that are not declared, builtins without node: and builtins that are none', () => {
    const names = ['chai', '@scope/other', 'fs', 'node:no-such-thing', 'pip-services4-components-node'];

    expect(check(['lock/A.ts', ...names])).to.deep.equal(
      names.map((name) => `lock/A.ts: '${name}' is no node: builtin and no declared dependency`),
    );
  });

  it('reports an import that leaves lib or finds nothing', () => {
    const found = check(['lock/A.ts', '../../package.json', './Missing', '..']);

    expect(found).to.deep.equal([
      "lock/A.ts: '../../package.json' is no file of the library",
      "lock/A.ts: './Missing' is no file of the library",
      "lock/A.ts: '..' is no file of the library",
    ]);
  });

  it('reports a folder that is none of the stages, whatever lies in it', () => {
    const found = check(['utils/A.ts'], ['Stray.ts'], ['scripts/acquire.lua']);

    expect(found).to.deep.equal([
      "utils/A.ts: 'utils' is none of the library's folders",
      "Stray.ts: 'Stray.ts' is none of the library's folders",
      "scripts/acquire.lua: 'scripts' is none of the library's folders",
    ]);
  });
});

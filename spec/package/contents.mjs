/** What the tarball must and must not hold, and what its package.json promises about it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';
import ts from 'typescript';
import { demand } from './demand.mjs';

const DOCUMENTS = ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'];
const TEST_FILE = /(^|\/)(spec|tests?|__tests__)\/|[.-](spec|test)\./;
const NEVER_DECLARED = ['redlock', 'ioredis'];

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, '/'));
}

export function checkFileList(files) {
  const missing = DOCUMENTS.filter((file) => !files.includes(file));
  demand(missing.length === 0, `the tarball lacks ${missing.join(', ')}`);
  const strays = files.filter((file) => !DOCUMENTS.includes(file) && !file.startsWith('dist/'));
  demand(strays.length === 0, `the tarball holds more than dist/ and its documents: ${strays.join(', ')}`);
  const tests = files.filter((file) => TEST_FILE.test(file));
  demand(tests.length === 0, `the tarball holds test files: ${tests.join(', ')}`);
  const sources = files.filter((file) => /\.[cm]?tsx?$/.test(file) && !/\.d\.[cm]?ts$/.test(file));
  demand(sources.length === 0, `the tarball holds sources: ${sources.join(', ')}`);
}

/** The compiler never removes what it built from a file that is gone since; a stale dist/ would ship it. */
export function checkBuilt(files, lib) {
  const sources = filesBelow(lib).filter((file) => file.endsWith('.ts'));
  const wanted = sources.flatMap((file) => ['.js', '.d.ts'].map((ending) => `dist/${file.replace(/\.ts$/, ending)}`));
  const unbuilt = wanted.filter((file) => !files.includes(file));
  demand(unbuilt.length === 0, `lib/ has sources whose build is not in the tarball: ${unbuilt.join(', ')}`);
  const known = new Set(wanted);
  const stale = files.filter((file) => file.startsWith('dist/') && !known.has(file.replace(/\.map$/, '')));
  demand(stale.length === 0, `dist/ holds files without a source in lib/; remove dist/ and build: ${stale.join(', ')}`);
}

export function checkExports(manifest, files) {
  const targets = [manifest.main, manifest.types];
  const visit = (name, value) => {
    if (typeof value === 'string') return void targets.push(value);
    const conditions = Object.keys(value).filter((key) => !key.startsWith('.'));
    // Conditions are tried in order: behind `default`, `types` would never be reached.
    demand(conditions.length === 0 || conditions[0] === 'types', `exports${name} does not put 'types' first`);
    for (const [key, below] of Object.entries(value)) visit(`['${key}']`, below);
  };
  demand(typeof manifest.exports?.['.'] === 'object', `exports has no conditions for '.', so it cannot name its types`);
  visit('', manifest.exports);
  const missing = targets.filter((target) => !files.includes(String(target).replace(/^\.\//, '')));
  demand(missing.length === 0, `package.json points to files that are not in the tarball: ${missing.join(', ')}`);
}

/** Only what the entry leads to: an application cannot reach the other declarations. */
export function checkDeclarations(installed) {
  const open = ['index.d.ts'];
  const reached = new Set();
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (reached.has(file)) continue;
    reached.add(file);
    const text = readFileSync(join(installed, 'dist', file), 'utf8');
    const { importedFiles, typeReferenceDirectives } = ts.preProcessFile(text);
    const names = [...importedFiles, ...typeReferenceDirectives].map(({ fileName }) => fileName);
    const found = NEVER_DECLARED.find((name) => names.some((imported) => imported.split('/')[0] === name));
    demand(found === undefined, `dist/${file} imports '${found}': its types would become the package's own`);
    open.push(
      ...names.filter((name) => name.startsWith('.')).map((name) => `${posix.join(posix.dirname(file), name)}.d.ts`),
    );
  }
  demand(reached.size > 1, 'the entry declares nothing');
}

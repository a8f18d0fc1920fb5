/**
 * Packs the package as a release would, installs the tarball into an empty project and uses it from there: what works
 * inside the checkout (an import of a development dependency, a file that `files` forgets) can still fail for a user.
 */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BUNDLER_PACKAGES, makeBundles } from './bundles.mjs';
import { checkCompile, MODULE_SETTINGS } from './compile.mjs';
import { checkCompilers, COMPILERS, COMPILER_PACKAGES } from './compilers.mjs';
import { COMMONJS, ESM } from './consumer.mjs';
import { checkBuilt, checkDeclarations, checkExports, checkFileList } from './contents.mjs';
import { CheckFailed, demand } from './demand.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const STEP_LIMIT_MS = 300_000;

function run(cwd, command, ...args) {
  const options = { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: STEP_LIMIT_MS };
  const { status, signal, error, stdout, stderr } = spawnSync(command, args, options);
  const outcome = error?.message ?? (signal === null ? `exit code ${status}` : `ended by ${signal}`);
  demand(
    status === 0,
    `'${[command, ...args].join(' ')}' failed (${outcome})\n${stdout ?? ''}${stderr ?? ''}`.trimEnd(),
  );
  return stdout;
}

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

function pack(folder) {
  run(ROOT, 'npm', 'pack', '--pack-destination', folder);
  const tarballs = readdirSync(folder).filter((file) => file.endsWith('.tgz'));
  demand(tarballs.length === 1, `npm pack made ${tarballs.length} tarballs`);
  return join(folder, tarballs[0]);
}

/** Read from the tarball itself: what npm adds to an installed package would blur the picture. */
function listTarball(tarball) {
  const entries = run(ROOT, 'tar', '-tzf', tarball).split('\n');
  return entries
    .filter((entry) => entry !== '' && !entry.endsWith('/'))
    .map((entry) => entry.replace(/^package\//, ''));
}

/** Without a lockfile and without development dependencies, as an application would. */
function install(project, ...packages) {
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'consumer', version: '0.0.0', private: true }));
  run(project, 'npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', ...packages);
}

function checkPeers(manifest, project) {
  for (const peer of Object.keys(manifest.peerDependencies ?? {})) {
    demand(manifest.peerDependenciesMeta?.[peer]?.optional === true, `the peer dependency ${peer} is not optional`);
    demand(!existsSync(join(project, 'node_modules', peer)), `the optional peer ${peer} was installed all the same`);
  }
}

function checkRun(project, file, text) {
  writeFileSync(join(project, file), text);
  run(project, process.execPath, file);
}

async function check(title, action) {
  try {
    const result = await action();
    console.log(`ok      ${title}`);
    return result;
  } catch (error) {
    console.log(`FAILED  ${title}`);
    throw error;
  }
}

async function checkPackage(folder) {
  const project = join(folder, 'consumer');
  const typeRoot = join(ROOT, 'node_modules', '@types');
  const tarball = await check('npm pack builds a tarball', () => pack(folder));
  const files = listTarball(tarball);
  await check('the tarball holds dist/ and its documents, no sources, no tests', () => checkFileList(files));
  await check('dist/ is what lib/ builds to', () => checkBuilt(files, join(ROOT, 'lib')));
  await check('the tarball installs into an empty project', () => install(project, tarball));
  const { name } = readJson(join(ROOT, 'package.json'));
  const installed = join(project, 'node_modules', name);
  const manifest = readJson(join(installed, 'package.json'));
  await check('exports puts types first and points to files that are there', () => checkExports(manifest, files));
  await check('no declaration imports redlock or ioredis', () => checkDeclarations(installed));
  await check('no peer dependency is needed', () => checkPeers(manifest, project));
  await check('it loads with require', () => checkRun(project, 'consumer.cjs', COMMONJS));
  await check('it loads with import, by name', () => checkRun(project, 'consumer.mjs', ESM));
  for (const settings of MODULE_SETTINGS) {
    await check(`a strict TypeScript consumer compiles under ${settings.name}`, () =>
      checkCompile(project, name, typeRoot, settings),
    );
  }

  const applications = join(folder, 'applications');
  const bundled = join(folder, 'bundled');
  await check('it installs beside other compilers and a bundler', () =>
    install(applications, tarball, ...COMPILER_PACKAGES, ...BUNDLER_PACKAGES),
  );
  await check(`strict applications compile with TypeScript ${COMPILERS.join(', ')}, with and without @types/node`, () =>
    checkCompilers(applications, name),
  );
  mkdirSync(bundled);
  const bundles = await check('esbuild bundles it, as ESM with the banner of the README and as CommonJS', () =>
    makeBundles(applications, bundled, name, join(ROOT, 'README.md')),
  );
  await check('the bundles acquire a lock on a master', () =>
    run(ROOT, process.execPath, '--require', 'tsx/cjs', join(ROOT, 'spec', 'package', 'runBundles.ts'), ...bundles),
  );
}

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'package-check-')));
try {
  await checkPackage(folder);
} catch (error) {
  console.error(error instanceof CheckFailed ? error.message : error);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

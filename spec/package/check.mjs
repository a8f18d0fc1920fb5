/**
 * Packs the package as a release would, installs the tarball into an empty project and uses it from there: what works
 * inside the checkout (an import of a development dependency, a file that `files` forgets) can still fail for a user.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BUNDLER_PACKAGES, makeBundles } from './bundles.mjs';
import { checkCompile, MODULE_SETTINGS } from './compile.mjs';
import { checkCompilers, COMPILERS, COMPILER_PACKAGES } from './compilers.mjs';
import { COMMONJS, ESM } from './consumer.mjs';
import { checkBuilt, checkDeclarations, checkExports, checkFileList } from './contents.mjs';
import { demand } from './demand.mjs';
import { check, inFolder, run } from './steps.mjs';
import { install, pack, ROOT } from './tarball.mjs';

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

/** Read from the tarball itself: what npm adds to an installed package would blur the picture. */
function listTarball(tarball) {
  const entries = run(ROOT, 'tar', '-tzf', tarball).split('\n');
  return entries
    .filter((entry) => entry !== '' && !entry.endsWith('/'))
    .map((entry) => entry.replace(/^package\//, ''));
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

await inFolder(checkPackage);

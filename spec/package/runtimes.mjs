/**
 * Packs the package, installs the tarball into an empty project beside runtimes from npm, and runs the contract on each of
 * them: the specs run on the Node that is installed, and on no other.
 *
 * `npm run check:runtimes -- node@22 node@26` tries others.
 */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { demand } from './demand.mjs';
import { check, inFolder, run } from './steps.mjs';
import { install, pack, ROOT } from './tarball.mjs';

const RUNTIMES = ['node@24', 'bun@1', 'deno@2'];

const { arch, platform } = process;

/**
 * The packages that hold the binaries of a platform. `node`, `bun` and `deno` fetch or link theirs by install scripts,
 * which npm may be told not to run.
 */
const BUILDS = {
  node: {
    source: `${platform === 'darwin' && arch === 'arm64' ? 'node-bin' : 'node'}-${platform}-${arch}`,
    binary: ['bin', 'node'],
    options: [],
  },
  bun: {
    source: `@oven/bun-${platform}-${arch === 'arm64' ? 'aarch64' : arch}`,
    binary: ['bin', 'bun'],
    options: [],
  },
  deno: {
    source: `@deno/${platform}-${arch}${platform === 'linux' ? '-glibc' : ''}`,
    binary: ['deno'],
    // Nothing but what npm has installed: Deno would look for more elsewhere.
    options: ['run', '-A', '--no-remote', '--no-lock', '--node-modules-dir=manual'],
  },
};

function runtimeOf(wanted) {
  const [, name, major] = /^(\w+)@(\d+)$/.exec(wanted) ?? [];
  demand(Object.hasOwn(BUILDS, name), `'${wanted}' is not node, bun or deno with a major version, as node@24`);
  const { source, binary, options } = BUILDS[name];
  // Each has a name of its own: one project takes several versions of Node.
  const alias = `${name}-${major}`;
  return { wanted, dependency: `${alias}@npm:${source}@${major}`, binary: [alias, ...binary], options };
}

function runContract(project, { wanted, binary, options }) {
  const command = [join(project, 'node_modules', ...binary), ...options, 'contract.mjs'];
  const runner = join(ROOT, 'spec', 'package', 'runContract.ts');
  return run(ROOT, process.execPath, '--require', 'tsx/cjs', runner, wanted, project, ...command);
}

async function checkRuntimes(folder) {
  const wanted = process.argv.length > 2 ? process.argv.slice(2) : RUNTIMES;
  const runtimes = wanted.map(runtimeOf);
  const project = join(folder, 'consumer');
  const tarball = await check('npm pack builds a tarball', () => pack(folder));
  await check(`the tarball installs beside ${wanted.join(', ')}`, () =>
    install(project, '--ignore-scripts', tarball, ...runtimes.map(({ dependency }) => dependency)),
  );
  copyFileSync(join(ROOT, 'spec', 'package', 'contract.mjs'), join(project, 'contract.mjs'));
  // What they keep for their next run goes with the project.
  process.env.DENO_DIR = join(folder, 'deno');
  process.env.BUN_RUNTIME_TRANSPILER_CACHE_PATH = join(folder, 'bun');
  process.env.DENO_NO_UPDATE_CHECK = '1';
  for (const runtime of runtimes) {
    console.log(await check(`the contract holds on ${runtime.wanted}`, () => runContract(project, runtime)));
  }
}

await inFolder(checkRuntimes);

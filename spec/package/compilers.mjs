/** Applications with other compilers than ours: each must take our declarations, and nothing may be filtered away. */
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { demand } from './demand.mjs';

const LIMIT_MS = 120_000;

/** The minor versions that are tried: the oldest that is supported, the last of its generation, the newest. */
export const COMPILERS = ['5.4', '5.9', '6.0'];

const aliasOf = (version) => `typescript-${version}`;

/** What is installed beside the tarball, for the checks of this file. */
export const COMPILER_PACKAGES = [
  ...COMPILERS.map((version) => `${aliasOf(version)}@npm:typescript@~${version}`),
  '@types/node@20',
];

const consumer = (name) => `
import { ConfigParams, isLockError, RedisLock, type Lease, type RedisLockConfig } from '${name}';

const config: RedisLockConfig = { connections: ['redis://127.0.0.1:6381'], options: { retry_timeout: 50 } };
const lock = new RedisLock();
lock.configure(config);
lock.configure(ConfigParams.fromTuples('host', 'localhost'));
// @ts-expect-error a misspelled section
lock.configure({ conections: [] });

export async function use(): Promise<number> {
  await using held: Lease = await lock.acquireLease(null, 'a', 1000);
  try {
    return await lock.withLock(null, ['b', 'c'], 1000, { fencing: true }, async ({ fencingToken, signal }) => {
      signal.throwIfAborted();
      return held.isValid() && !held.signal.aborted ? fencingToken : 0;
    });
  } catch (error) {
    if (!isLockError(error, 'NO_QUORUM')) throw error;
    const code: 'NO_QUORUM' = error.code;
    throw new Error(code);
  }
}
`;

const RESOLUTIONS = [
  { name: 'nodenext', module: 'nodenext', endings: ['mts', 'cts'], types: [['node'], []] },
  { name: 'bundler', module: 'esnext', endings: ['ts'], types: [[]] },
];

/** With the types of Node and without, and with no more of the language than ES2022. */
function projectsIn(folder, name) {
  return RESOLUTIONS.flatMap(({ name: moduleResolution, module, endings, types: all }) =>
    all.flatMap((types) => {
      const project = join(folder, `${moduleResolution}-${types.length === 0 ? 'bare' : 'node'}`);
      mkdirSync(project);
      for (const ending of endings) writeFileSync(join(project, `consumer.${ending}`), consumer(name));
      const checks = { strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, noEmit: true };
      const compilerOptions = { ...checks, module, moduleResolution, types, target: 'es2022', lib: ['es2022'] };
      writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
      return COMPILERS.map((version) => ({ project, version }));
    }),
  );
}

async function compile(folder, { project, version }) {
  const tsc = join(folder, 'node_modules', aliasOf(version), 'bin', 'tsc');
  const options = { cwd: folder, timeout: LIMIT_MS };
  const failed = await promisify(execFile)(process.execPath, [tsc, '--pretty', 'false', '-p', project], options).then(
    () => null,
    (error) => error,
  );
  demand(failed === null, `TypeScript ${version} in ${project}\n${failed?.stdout}${failed?.stderr}`.trimEnd());
}

/** @param folder where the tarball and {@link COMPILER_PACKAGES} are installed */
export async function checkCompilers(folder, name) {
  const jobs = projectsIn(folder, name);
  const work = async () => {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) await compile(folder, job);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
}

/** Applications that are bundled into one file by esbuild, and run where nothing else is installed. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { demand } from './demand.mjs';

/** What is installed beside the tarball, for the checks of this file. */
export const BUNDLER_PACKAGES = ['esbuild@0.28'];

const application = (name) => `
import { RedisLock } from '${name}';

async function main() {
  const lock = new RedisLock();
  lock.configure({ uri: process.argv[2] });
  await lock.open(null);
  const result = await lock.withLock(null, 'bundled', 5000, async (lease) => lease.isValid());
  await lock.close(null);
  console.log('held: ' + result);
}
void main();
`;

/** The README's own line, which a reader copies. */
function bannerIn(readme) {
  const [, banner] = /^\s*--banner:js="([^"]*)"/m.exec(readme) ?? [];
  demand(banner !== undefined, 'the README has no banner for esbuild');
  return banner;
}

/**
 * @param folder where the tarball and {@link BUNDLER_PACKAGES} are installed
 * @param target where the bundles are written: a folder that has no modules above it
 * @returns the bundles
 */
export function makeBundles(folder, target, name, readmeFile) {
  const entry = join(folder, 'application.mjs');
  writeFileSync(entry, application(name));
  const banner = bannerIn(readFileSync(readmeFile, 'utf8'));
  const { buildSync } = createRequire(entry)('esbuild');
  const formats = [
    { format: 'esm', banner: { js: banner }, ending: 'mjs' },
    { format: 'cjs', ending: 'cjs' },
  ];
  return formats.map(({ ending, ...options }) => {
    const outfile = join(target, `bundle.${ending}`);
    buildSync({ entryPoints: [entry], bundle: true, platform: 'node', outfile, logLevel: 'warning', ...options });
    return outfile;
  });
}

/** The package as a release would ship it, and an empty project that takes it. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { demand } from './demand.mjs';
import { run } from './steps.mjs';

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** @returns the tarball */
export function pack(folder) {
  run(ROOT, 'npm', 'pack', '--pack-destination', folder);
  const tarballs = readdirSync(folder).filter((file) => file.endsWith('.tgz'));
  demand(tarballs.length === 1, `npm pack made ${tarballs.length} tarballs`);
  return join(folder, tarballs[0]);
}

/**
 * Without a lockfile and without development dependencies, as an application would.
 *
 * @param options packages, and options of npm
 */
export function install(project, ...options) {
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'consumer', version: '0.0.0', private: true }));
  run(project, 'npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', ...options);
}

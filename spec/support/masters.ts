import { ComposeMaster } from './ComposeMaster';
import { GivenMaster } from './GivenMaster';
import type { Master, MasterOptions } from './Master';
import { chooseMasterSource, type MasterSource } from './masterSource';
import { RedisServer } from './RedisServer';

let chosen: Promise<MasterSource> | undefined;

/**
 * Starts `count` independent masters from the first way that fits on this machine: REDIS_MASTERS, a server on the PATH,
 * Docker Compose, an installation by apt-get. The way is chosen once per process. Whoever starts masters stops them.
 *
 * @throws NoMastersError where there is no way
 */
export async function startMasters(count: number, options: MasterOptions = {}): Promise<readonly Master[]> {
  chosen ??= chooseMasterSource();
  const source = await chosen;
  switch (source.kind) {
    case 'given':
      if (process.env['MOCHA_WORKER_ID'] !== undefined) {
        throw new Error(
          'REDIS_MASTERS are one set for all specs, which cannot run side by side: npm test -- --no-parallel',
        );
      }
      return GivenMaster.startSet(source.uris, count, options);
    case 'process':
      return startServers(source.binary, count, options);
    case 'compose':
      return ComposeMaster.startSet(count, options);
  }
}

async function startServers(binary: string, count: number, options: MasterOptions): Promise<readonly Master[]> {
  const starts = Array.from({ length: count }, () => RedisServer.start({ ...options, binary }));
  const settled = await Promise.allSettled(starts);
  const failed = settled.find((start) => start.status === 'rejected');
  if (!failed) return Promise.all(starts);
  await Promise.all(settled.map(async (start) => start.status === 'fulfilled' && start.value.stop()));
  throw failed.reason;
}

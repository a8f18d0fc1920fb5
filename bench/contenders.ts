import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import Redlock from 'redlock';
import type * as library from '../lib/index';
import type { Master } from '../spec/support/Master';
import type { Contender } from './measure';

const TTL_MS = 10_000;

/** Where a master listens. */
export type Endpoint = Pick<Master, 'host' | 'port'>;

/** As it is shipped: a TypeScript loader rewrites what it loads, which users do not pay for. */
export async function loadLibrary(): Promise<typeof library> {
  return (await import(join(__dirname, '..', 'dist', 'index.js'))) as typeof library;
}

/** A lock of this library, open on the masters. */
export async function openLock(masters: readonly Endpoint[]): Promise<library.RedisLock> {
  const { RedisLock } = await loadLibrary();
  const lock = new RedisLock();
  lock.configure({ connections: masters.map(({ host, port }) => ({ host, port })) });
  await lock.open('bench');
  return lock;
}

/** This library, through its facade. */
export async function facade(masters: readonly Master[]): Promise<Contender> {
  const lock = await openLock(masters);
  return {
    name: 'this library',
    pair: async (key) => {
      if (!(await lock.tryAcquireLock('bench', key, TTL_MS))) throw new Error(`${key} was not granted`);
      await lock.releaseLock('bench', key);
    },
    close: () => lock.close('bench'),
  };
}

/** The package underneath, on clients of its own as its README has it. */
export async function redlockAlone(masters: readonly Master[]): Promise<Contender> {
  const clients = masters.map(({ host, port }) => new Redis({ host, port }));
  await Promise.all(clients.map((client) => client.ping()));
  // Its types are those of an older ioredis.
  const redlock = new Redlock(clients as never, { retryCount: 0 });
  return {
    name: 'redlock alone',
    pair: async (key) => {
      const lock = await redlock.acquire([key], TTL_MS);
      await lock.release();
    },
    close: () => closeAll(clients),
  };
}

const DELETE_OWN = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0`;

/** The commands themselves, to every master at once and on all of their answers: what a network can do at best. */
export async function bareCommands(masters: readonly Master[]): Promise<Contender> {
  const clients = masters.map(({ host, port }) => new Redis({ host, port }));
  const shas = await Promise.all(clients.map((client) => client.script('LOAD', DELETE_OWN)));
  const sha = String(shas[0]);
  return {
    name: 'bare commands',
    pair: async (key) => {
      const token = randomBytes(16).toString('hex');
      const set = await Promise.all(clients.map((client) => client.set(key, token, 'PX', TTL_MS, 'NX')));
      if (set.some((reply) => reply !== 'OK')) throw new Error(`${key} was not granted`);
      await Promise.all(clients.map((client) => client.evalsha(sha, 1, key, token)));
    },
    close: () => closeAll(clients),
  };
}

async function closeAll(clients: readonly Redis[]): Promise<void> {
  await Promise.all(clients.map((client) => client.quit()));
}

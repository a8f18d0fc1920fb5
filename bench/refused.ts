import { Redis } from 'ioredis';
import Redlock, { ExecutionError } from 'redlock';
import type { Master } from '../spec/support/Master';
import { openLock } from './contenders';
import { interleaved, ratioOf, sequential, type Contender } from './measure';

const KEY = 'bench:refused';
const TTL_MS = 60_000;
const ROUNDS = 30;
const BARE = 'bare SET NX PX';
const REDLOCK = 'redlock alone';

/** What one attempt costs under a key that another instance holds. */
export async function benchRefused(masters: readonly Master[]): Promise<void> {
  const holder = await openLock(masters);
  if (!(await holder.tryAcquireLock('bench', KEY, TTL_MS))) throw new Error(`${KEY} was not granted`);
  const contenders = await Promise.all([refusedLibrary(masters), refusedRedlock(masters), refusedSet(masters)]);
  try {
    const figures = await interleaved(contenders, ROUNDS, BARE, (contender) => sequential(contender, 100));
    console.log('\n  one attempt that is refused, µs');
    for (const one of figures) {
      const ratios = [REDLOCK, BARE].map((name) => `${ratioOf(one, figures, name).toFixed(2).padStart(6)} x ${name}`);
      console.log(`    ${one.name.padEnd(16)}${one.value.toFixed(0).padStart(8)}${ratios.join('')}`);
    }
  } finally {
    await Promise.all(contenders.map((contender) => contender.close()));
    await holder.close('bench');
  }
}

async function refusedLibrary(masters: readonly Master[]): Promise<Contender> {
  const lock = await openLock(masters);
  return {
    name: 'this library',
    pair: async () => mustBeRefused(!(await lock.tryAcquireLock('bench', KEY, TTL_MS))),
    close: () => lock.close('bench'),
  };
}

async function refusedRedlock(masters: readonly Master[]): Promise<Contender> {
  const clients = masters.map(({ host, port }) => new Redis({ host, port }));
  const redlock = new Redlock(clients as never, { retryCount: 0 });
  return {
    name: REDLOCK,
    pair: async () => {
      const error: unknown = await redlock.acquire([KEY], TTL_MS).catch((refusal: unknown) => refusal);
      mustBeRefused(error instanceof ExecutionError);
    },
    close: () => closeAll(clients),
  };
}

/** The one command of an attempt, to every master at once and on all of their answers. */
async function refusedSet(masters: readonly Master[]): Promise<Contender> {
  const clients = masters.map(({ host, port }) => new Redis({ host, port }));
  return {
    name: BARE,
    pair: async () => {
      const set = await Promise.all(clients.map((client) => client.set(KEY, 'token', 'PX', TTL_MS, 'NX')));
      mustBeRefused(set.every((reply) => reply === null));
    },
    close: () => closeAll(clients),
  };
}

function mustBeRefused(isRefused: boolean): void {
  if (!isRefused) throw new Error(`${KEY} was granted although it is held`);
}

async function closeAll(clients: readonly Redis[]): Promise<void> {
  await Promise.all(clients.map((client) => client.quit()));
}

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ConfigParams, ErrorCode, RedisLock } from '../../lib/index';
import { append } from './ledger';
import type { WorkerMessage } from './messages';

/** What every worker has to name alike for one to keep out the others. */
const KEY = 'ledger';
/**
 * A section takes a few ms. The ttl has to be long enough for one on a machine that is very busy, and ends what nobody
 * releases: a worker that died, a release that no quorum of masters could take in while they were being killed.
 */
const TTL_MS = 5_000;
/** Longer than the ttl, so that such a lock is waited out, with room for a waiter who loses many a race to the others. */
const TIMEOUT_MS = 30_000;

async function work(): Promise<void> {
  const { name = '', ledger = '', lines = '', config } = readArguments();
  const lock = config === undefined ? null : await openLock(name, config);
  await send({ kind: 'ready' });
  await once(process, 'message');
  for (let line = 1; line <= Number(lines); line++) {
    if (lock === null) {
      await append(ledger, name, line);
      await send({ kind: 'appended', waitMs: null, isReleased: true });
      continue;
    }
    const askedMs = performance.now();
    await lock.acquireLock(name, KEY, TTL_MS, TIMEOUT_MS);
    const waitMs = performance.now() - askedMs;
    let isReleased = false;
    try {
      await append(ledger, name, line);
    } finally {
      isReleased = await release(lock, name);
    }
    await send({ kind: 'appended', waitMs, isReleased });
  }
  await send({ kind: 'done', masters: lock?.getStatus().masters ?? [] });
  await lock?.close(name);
}

/** The name is the trace id: it would stand in the logs of an application that has some. */
async function openLock(name: string, config: string): Promise<RedisLock> {
  const lock = new RedisLock();
  lock.configure(ConfigParams.fromValue(JSON.parse(readFileSync(config, 'utf8'))));
  await lock.open(name);
  return lock;
}

/** Whether it was confirmed. Unconfirmed is not unsafe: the line is written, and the lock ends with its ttl. */
async function release(lock: RedisLock, name: string): Promise<boolean> {
  try {
    await lock.releaseLock(name, KEY);
    return true;
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === ErrorCode.NO_QUORUM) return false;
    throw error;
  }
}

function readArguments() {
  const { values } = parseArgs({
    options: {
      name: { type: 'string' },
      ledger: { type: 'string' },
      lines: { type: 'string' },
      config: { type: 'string' },
    },
  });
  return values;
}

function send(message: WorkerMessage): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(message, (error: Error | null) => (error ? reject(error) : resolve()));
  });
}

// However the demo ended, its workers end with it.
const endToo = (): void => process.exit(1);
process.once('disconnect', endToo);

work()
  .catch(async (error: unknown) => {
    const { code, message } = error as { readonly code?: string; readonly message: string };
    await send({ kind: 'failed', reason: code === undefined ? message : `${code}: ${message}` });
    // What a failure left open is nobody's concern any more.
    process.exit(1);
  })
  // Without a listener the channel keeps nobody alive: the worker ends by itself, if its lock left nothing behind.
  .finally(() => process.off('disconnect', endToo));

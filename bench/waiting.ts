import { Redis } from 'ioredis';
import Redlock, { ExecutionError } from 'redlock';
import type { ICounters } from '../lib/index';
import { loadLibrary, type Endpoint } from './contenders';
import type { Side } from './messages';

const TTL_MS = 10_000;
/** The library's defaults; redlock is told the same. */
const PACE = { retryDelay: 100, retryJitter: 50 };

/** One participant that waits for locks, on connections of its own. */
export interface Client {
  /** How many attempts were refused so far. */
  readonly refused: number;
  /** Waits for the lock; returns what gives it back, null when it could not be had in time. */
  acquire(key: string, timeoutMs: number): Promise<(() => Promise<unknown>) | null>;
  close(): Promise<void>;
}

export function openClient(side: Side, masters: readonly Endpoint[]): Promise<Client> {
  return side === 'this library' ? openLibrary(masters) : openRedlock(masters);
}

async function openLibrary(masters: readonly Endpoint[]): Promise<Client> {
  const { RedisLock, References, Descriptor, ErrorCode } = await loadLibrary();
  const counters = new RefusalCounters();
  const lock = new RedisLock();
  lock.configure({ connections: masters });
  lock.setReferences(
    References.fromTuples(new Descriptor('bench', 'counters', 'refusals', 'default', '1.0'), counters),
  );
  await lock.open('bench');
  return {
    get refused() {
      return counters.refused;
    },
    acquire: async (key, timeoutMs) => {
      try {
        await lock.acquireLock('bench', key, TTL_MS, timeoutMs);
      } catch (error) {
        const { code } = error as { readonly code?: unknown };
        if (code === ErrorCode.LOCK_TIMEOUT || code === ErrorCode.NO_QUORUM) return null;
        throw error;
      }
      return () => lock.releaseLock('bench', key);
    },
    close: () => lock.close('bench'),
  };
}

/** Counts attempts that were refused; nothing else that the library tells is of interest here. */
class RefusalCounters implements ICounters {
  refused = 0;

  incrementOne(name: string): void {
    if (name === 'redlock.refused') this.refused += 1;
  }

  beginTiming = () => ({ endTiming: () => {} });
  stats(): void {}
  last(): void {}
  timestampNow(): void {}
  timestamp(): void {}
  increment(): void {}
}

async function openRedlock(masters: readonly Endpoint[]): Promise<Client> {
  const clients = masters.map(({ host, port }) => new Redis({ host, port }));
  await Promise.all(clients.map((client) => client.ping()));
  const redlock = new Redlock(clients as never, PACE);
  let refused = 0;
  return {
    get refused() {
      return refused;
    },
    acquire: async (key, timeoutMs) => {
      // It knows no timeout. As many retries as fill the time are without end for whoever measures for so long.
      const retryCount = Math.ceil(timeoutMs / PACE.retryDelay);
      try {
        const lock = await redlock.acquire([key], TTL_MS, { retryCount });
        refused += lock.attempts.length - 1;
        return () => lock.release();
      } catch (error) {
        if (!(error instanceof ExecutionError)) throw error;
        refused += error.attempts.length;
        return null;
      }
    },
    close: async () => {
      await Promise.all(clients.map((client) => client.quit()));
    },
  };
}

import { expect } from 'chai';
import type { RedisLock } from '../../../lib';
import type { Master } from '../../support/Master';
import { until } from '../../support/until';
import { standsOnAll, UNHURRIED } from '../lock/locks';

/** As a ttl or a timeout: for longer than any test takes. */
export const LONG = 60_000;
/** So long between two attempts that polling helps nobody: whoever has the lock in time was woken. */
export const NO_POLLING = { retry_timeout: LONG, retry_jitter: 0, ...UNHURRIED } as const;
/** Far below the pause between two attempts, and far above what a busy machine takes. */
const SOON_MS = LONG / 3;

/** Work that is looked at later: in a test that has failed before, nobody minds what becomes of it. */
export function begun<T>(work: Promise<T>): Promise<T> {
  work.catch(() => {});
  return work;
}

/** What the work comes to, which has to be soon. */
export async function soon<T>(work: Promise<T>, what: string): Promise<T> {
  let isSettled = false;
  const settle = (): void => void (isSettled = true);
  work.then(settle, settle);
  await until(() => isSettled, what, SOON_MS);
  return work;
}

/** What the work is rejected with. */
export function rejectionOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => expect.fail('it resolved'),
    (error: unknown) => error,
  );
}

/** Those who wait for a key on one master, and listen there, in its order. */
export async function waitersOn(master: Master, key: string): Promise<readonly string[]> {
  const [ids, channels] = await Promise.all([
    master.command('ZRANGE', `redlock:waiting:${key}`, 0, -1) as Promise<readonly string[]>,
    channelsOn(master),
  ]);
  return ids.filter((id) => channels.includes(`redlock:free:${id}`));
}

/** The channels that somebody listens to on one master. */
export async function channelsOn(master: Master): Promise<readonly string[]> {
  return (await master.command('PUBSUB', 'CHANNELS', 'redlock:free:*')) as readonly string[];
}

/** Resolves when so many stand in each master's line for a key: a release will find them. */
export async function untilWaiting(masters: readonly Master[], key: string, count = 1): Promise<void> {
  const isSo = async (): Promise<boolean> => {
    const lines = await Promise.all(masters.map((master) => waitersOn(master, key)));
    return lines.every(({ length }) => length === count);
  };
  await until(isSo, `${count} wait in the line for ${key} on each master`);
}

/** Every key of a kind that stands on any of the masters. */
export async function keysOn(masters: readonly Master[], pattern: string): Promise<readonly string[]> {
  const keys = await Promise.all(masters.map((master) => master.command('KEYS', pattern)));
  return (keys as readonly (readonly string[])[]).flat();
}

/**
 * Acquires a lock, and waits until it stands on every master. A quorum grants it before: whoever asks then could be
 * granted it by the others, and would take no place in their lines.
 */
export async function acquireEverywhere(lock: RedisLock, masters: readonly Master[], key = 'key'): Promise<void> {
  await lock.acquireLock('123', key, LONG);
  await until(() => standsOnAll(masters, key), `${key} is held on each master`);
}

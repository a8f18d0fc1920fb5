import { setTimeout as sleep } from 'node:timers/promises';
import { nowMs } from '../chaos/clock';
import type { Contended, Order, Replies, Request, Response } from './messages';
import { openClient, type Client } from './waiting';

/** The work of a section, in ms. */
const WORK_MS = 1;
/** Uncontended sections before anything is measured, since the first ones are run by an interpreter. */
const WARM_UP = 200;

let clients: readonly Client[] = [];
const releases = new Map<string, () => Promise<unknown>>();

async function obey(order: Order): Promise<Replies[Order['kind']]> {
  switch (order.kind) {
    case 'open':
      await closeClients();
      clients = await Promise.all(Array.from({ length: order.clients }, () => openClient(order.side, order.masters)));
      await Promise.all(clients.map(warmUp));
      return null;
    case 'contend':
      return contend(order);
    case 'acquire':
      return acquire(order.key, order.timeoutMs);
    case 'release':
      return release(order.key);
    case 'close':
      await closeClients();
      return null;
  }
}

async function warmUp(client: Client, index: number): Promise<void> {
  for (let left = WARM_UP / clients.length; left > 0; left -= 1) {
    const release = await client.acquire(`bench:warm-up:${process.pid}:${index}`, 1000);
    await release?.();
  }
}

async function contend(order: Extract<Order, { kind: 'contend' }>): Promise<Contended> {
  const refusedBefore = clients.map(({ refused }) => refused);
  await sleep(Math.max(0, order.fromMs - nowMs()));
  const done = await Promise.all(
    clients.map(async (client) => {
      const lines = Array.from({ length: order.waiters }, () => runSections(client, order.key, order.untilMs));
      const works = (await Promise.all(lines)).flat();
      return { sections: works.length, workMs: sum(works) };
    }),
  );
  return {
    sections: done.map(({ sections }) => sections),
    workMs: sum(done.map(({ workMs }) => workMs)),
    refused: sum(clients.map(({ refused }, index) => refused - (refusedBefore[index] ?? 0))),
  };
}

/** @returns how long the work of each section took, in ms; sections that ended too late do not count */
async function runSections(client: Client, key: string, untilMs: number): Promise<readonly number[]> {
  const works: number[] = [];
  for (;;) {
    const leftMs = Math.floor(untilMs - nowMs());
    if (leftMs <= 0) return works;
    const release = await client.acquire(key, leftMs);
    if (release === null) continue;
    const startedMs = nowMs();
    // Those who are still in line when the time is up hand the lock on without work, so that it does not take long.
    if (startedMs < untilMs) await sleep(WORK_MS);
    const endedMs = nowMs();
    if (endedMs <= untilMs) works.push(endedMs - startedMs);
    await release();
  }
}

async function acquire(key: string, timeoutMs: number): Promise<Replies['acquire']> {
  const askedMs = nowMs();
  const release = await clients[0]?.acquire(key, timeoutMs);
  const heldMs = nowMs();
  if (!release) throw new Error(`${key} was not granted within ${timeoutMs} ms`);
  releases.set(key, release);
  return { askedMs, heldMs };
}

async function release(key: string): Promise<number> {
  const atMs = nowMs();
  await releases.get(key)?.();
  releases.delete(key);
  return atMs;
}

async function closeClients(): Promise<void> {
  await Promise.all(clients.map((client) => client.close()));
  clients = [];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function answer(response: Response): void {
  if (process.connected) process.send?.(response);
}

process.on('message', ({ id, order }: Request) => {
  obey(order).then(
    (reply) => answer({ kind: 'done', id, reply }),
    (error: unknown) => answer({ kind: 'failed', id, reason: String(error) }),
  );
});
// The bench has no more orders, or has gone: either way nobody waits for this process.
process.once('disconnect', () => process.exit(0));

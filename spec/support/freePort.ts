import { createServer } from 'node:net';

const LOWEST = 10_000;
const HIGHEST = 32_000;
const ATTEMPTS = 50;

/** Each of mocha's workers takes its ports from a part of its own: as many as there may be workers. */
const PARTS = 4;

let next: number | null = null;

/**
 * A TCP port on 127.0.0.1 that nobody listens on at the moment of asking.
 *
 * It is taken from below the ports that systems give to outgoing connections (32768 on Linux, 49152 elsewhere): a client
 * that keeps reconnecting to a dead master on such a port is sooner or later given that very port as its own, and is then
 * connected to itself.
 *
 * No port is given twice before all others were: whoever has one may stop listening for a while, and come back to it.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = nextPort();
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port found between ${LOWEST} and ${HIGHEST}`);
}

function nextPort(): number {
  const size = Math.floor((HIGHEST - LOWEST) / PARTS);
  const first = LOWEST + (Number(process.env.MOCHA_WORKER_ID ?? 0) % PARTS) * size;
  // Runs that are under way at once begin at different places.
  next = next === null ? first + Math.floor(Math.random() * size) : first + ((next + 1 - first) % size);
  return next;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

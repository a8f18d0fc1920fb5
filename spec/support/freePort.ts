import { createServer } from 'node:net';

const LOWEST = 10_000;
const HIGHEST = 32_000;
const ATTEMPTS = 50;

/**
 * A TCP port on 127.0.0.1 that nobody listens on at the moment of asking.
 *
 * It is taken from below the ports that systems give to outgoing connections (32768 on Linux, 49152 elsewhere): a client
 * that keeps reconnecting to a dead master on such a port is sooner or later given that very port as its own, and is then
 * connected to itself.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port found between ${LOWEST} and ${HIGHEST}`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { isAlive } from '../../support/isAlive';
import { RedisServer } from '../../support/RedisServer';
import { until } from '../../support/until';
import { TYPESCRIPT } from '../../support/typescript';

const FIXTURE = join(__dirname, '../../unit/support/fixtures/startServer.ts');

describe('RedisServer', () => {
  it('is another process at each restart, on the same port', async () => {
    const server = await RedisServer.start();
    const { port, pid } = server;
    await server.restart();

    expect(server.port).to.equal(port);
    expect(server.pid).not.to.equal(pid);
    await server.stop();
  });

  it('starts on the port it is given', async () => {
    const first = await RedisServer.start();
    await first.stop();
    const second = await RedisServer.start({ port: first.port });

    expect(second.port).to.equal(first.port);
    await second.stop();
  });

  it('ends its process and removes its folder when it is stopped', async () => {
    const server = await RedisServer.start();
    const [, folder = ''] = (await server.command('CONFIG', 'GET', 'dir')) as string[];
    const { pid = 0 } = server;
    expect(pid).to.be.above(0);
    expect(existsSync(folder)).to.equal(true);
    await server.stop();

    expect(existsSync(folder)).to.equal(false);
    expect(isAlive(pid)).to.equal(false);
  });

  it('notices that its process ended by itself, and starts again', async () => {
    const server = await RedisServer.start();
    server.command('SHUTDOWN', 'NOSAVE').catch(() => undefined);
    await until(() => server.pid === undefined, 'the process has ended');
    await server.start();

    expect(await server.command('PING')).to.equal('PONG');
    await server.stop();
  });

  it('is not taken in by another server on its port', async () => {
    const stranger = await RedisServer.start();
    const error = await failure(RedisServer.start({ port: stranger.port }));
    await stranger.stop();

    expect(error.message).to.match(/address already in use/i);
  });

  it('tells what the server said when it does not start', async () => {
    const error = await failure(RedisServer.start({ args: ['--maxmemory-policy', 'none-such'] }));
    expect(error.message).to.match(/ended at its start/);
  });

  it('tells that the port it is given is taken, also by one that never answers', async () => {
    const sockets: Socket[] = [];
    const other = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const error = await failure(RedisServer.start({ port }));
    other.close();
    for (const socket of sockets) socket.destroy();

    expect(error.message).to.match(/address already in use/i);
  });

  it('tells that the binary it is given is none', async () => {
    const error = await failure(RedisServer.start({ binary: '/nowhere/redis-server' }));
    expect(error).to.have.property('code', 'ENOENT');
  });

  for (const end of ['exit', 'throw', 'SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    it(`does not outlive a process that ends by ${end}`, async () => {
      const { pid, folder } = await endedBy(end);

      await until(() => !isAlive(pid), 'the server has ended');
      expect(existsSync(folder)).to.equal(false);
    });
  }
});

/** Runs a process that starts a server and ends without stopping it; gives the server's process id and folder. */
async function endedBy(end: string): Promise<{ readonly pid: number; readonly folder: string }> {
  const child = spawn(process.execPath, [...TYPESCRIPT, FIXTURE, end], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  if (end.startsWith('SIG')) child.kill(end as NodeJS.Signals);
  const [, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (end.startsWith('SIG')) expect(signal).to.equal(end);
  return JSON.parse(line.toString()) as { pid: number; folder: string };
}

async function failure(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('it did not fail');
}

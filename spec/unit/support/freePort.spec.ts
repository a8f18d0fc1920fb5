import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { freePort } from '../../support/freePort';

describe('freePort', () => {
  it('is below the ports of outgoing connections, and can be listened on', async () => {
    const port = await freePort();
    expect(port).to.be.within(10_000, 32_000);
    const server = createServer().listen(port, '127.0.0.1');
    await new Promise((resolve, reject) => server.once('listening', resolve).once('error', reject));
    server.close();
  });

  it('passes over a port that is taken', async () => {
    const server = createServer().listen((await freePort()) + 1, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve).once('error', resolve));
    const { port } = server.address() as AddressInfo;
    expect(await freePort()).to.equal(port + 1);
    server.close();
  });

  it('gives no port twice, though nobody listens on it', async () => {
    const ports = new Set<number>();
    for (let count = 0; count < 200; count += 1) ports.add(await freePort());
    expect(ports.size).to.equal(200);
  });

  it('keeps the workers of one run apart', () => {
    const portsOf = (worker: number): readonly number[] => {
      const script = `
        const { freePort } = require(${JSON.stringify(join(__dirname, '../../support/freePort.ts'))});
        void (async () => { for (let count = 0; count < 20; count += 1) console.log(await freePort()); })();
      `;
      const env = { ...process.env, MOCHA_WORKER_ID: String(worker) };
      return execFileSync(process.execPath, ['--require', 'tsx/cjs', '-e', script], { env, encoding: 'utf8' })
        .trim()
        .split('\n')
        .map(Number);
    };
    const parts = [0, 1, 2].map(
      (worker) => new Set(portsOf(worker).map((port) => Math.floor((port - 10_000) / 5_500))),
    );
    expect(parts).to.deep.equal([new Set([0]), new Set([1]), new Set([2])]);
  });
});

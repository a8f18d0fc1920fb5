import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import type { MasterEndpoint } from '../../../lib/config/MasterEndpoint';
import { Secret } from '../../../lib/config/Secret';
import { Connection } from '../../../lib/master/Connection';
import type { MasterError } from '../../../lib/master/MasterError';

const fileOf = (name: string): string =>
  readFileSync(join(__dirname, '..', '..', 'fault', 'tls', 'certificates', name), 'utf8');

describe('Connection', () => {
  it('reports a socket that cannot even be made, and can be closed', async () => {
    const endpoint: MasterEndpoint = {
      name: 'a',
      address: '127.0.0.1:1',
      target: { kind: 'tcp', host: '127.0.0.1', port: 1 },
      db: 0,
      username: null,
      password: null,
      sentinelLogin: null,
      logInAnew: null,
      // Node throws at these before there is a socket.
      tls: {
        ca: null,
        cert: fileOf('client.crt'),
        key: new Secret(fileOf('server.key')),
        servername: null,
        rejectUnauthorized: true,
      },
    };
    const fault = await new Promise<MasterError>((resolve) => {
      const connection = new Connection(endpoint, 100, {
        onConnected: () => {},
        onMessage: () => {},
        // Long after: nothing waits for a connection that there is none of.
        onDisconnected: (error) => setTimeout(() => void connection.close().then(() => resolve(error)), 200),
      });
      connection.open();
    });

    expect(fault).to.include({ address: '127.0.0.1:1', kind: 'certificate' });
    expect(fault.message).to.include('key values mismatch');
  });

  it('gives up one that does not come to stand in time', async () => {
    // It takes connections, and no TLS.
    const server = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const endpoint: MasterEndpoint = {
      name: 'a',
      address: `127.0.0.1:${port}`,
      target: { kind: 'tcp', host: '127.0.0.1', port },
      db: 0,
      username: null,
      password: null,
      sentinelLogin: null,
      logInAnew: null,
      tls: { ca: null, cert: null, key: null, servername: null, rejectUnauthorized: true },
    };
    const fault = await new Promise<MasterError>((resolve) => {
      const connection = new Connection(endpoint, 100, {
        onConnected: () => {},
        onMessage: () => {},
        onDisconnected: (error) => void connection.close().then(() => resolve(error)),
      });
      connection.open();
    });
    server.close();

    expect(fault.kind).to.equal('unreachable');
    expect(fault.message).to.match(/did not answer the TLS handshake/);
  });
});

import { expect } from 'chai';
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import tls from 'node:tls';
import { inspect } from 'node:util';
import { ConfigException, ConnectionException } from 'pip-services4-commons-node';
import { restore, spy } from 'sinon';
import { Descriptor } from '../../../lib/contract/Descriptor';
import { References } from '../../../lib/contract/References';
import { freePort } from '../../support/freePort';
import { addressesOf, thrownBy, useLocks } from '../../integration/lock/locks';
import { RedisServer } from '../../support/RedisServer';
import { timed } from '../../support/AwakeClock';

const LONG = 60_000;
const PASSWORD = 'hunter2';
/** No test outlasts it: what cannot be mended by waiting is decided at once. */
/** For a server that does not answer. */
const HASTY = { connect_timeout: 4000, node_timeout: 500 };
const PATIENT = { connect_timeout: LONG, node_timeout: LONG };

const pathOf = (file: string): string => join(__dirname, 'certificates', file);
const pemOf = (file: string): string => readFileSync(pathOf(file), 'utf8');

/** A master that takes encrypted connections on a port of their own, and shows the certificate of that name. */
interface TlsMaster {
  readonly server: RedisServer;
  readonly port: number;
}

async function startTlsMaster(certificate: string, clients: 'yes' | 'no'): Promise<TlsMaster> {
  const port = await freePort();
  const files = ['--tls-cert-file', pathOf(`${certificate}.crt`), '--tls-key-file', pathOf(`${certificate}.key`)];
  const args = ['--tls-port', String(port), ...files, '--tls-ca-cert-file', pathOf('authority.crt')];
  const server = await RedisServer.start({ args: [...args, '--tls-auth-clients', clients, '--requirepass', PASSWORD] });
  return { server, port };
}

describe('An encrypted connection', () => {
  const locks = useLocks();
  const ca = pathOf('authority.crt');
  let masters: readonly TlsMaster[] = [];
  /** Asks for a certificate of the client. */
  let mutual: TlsMaster;
  /** Its certificate carries a name and not its address. */
  let named: TlsMaster;

  before(async () => {
    const started = [0, 1, 2].map(() => startTlsMaster('server', 'no'));
    [mutual, named, ...masters] = await Promise.all([
      startTlsMaster('server', 'yes'),
      startTlsMaster('named', 'no'),
      ...started,
    ]);
  });
  after(async () => {
    await Promise.all([mutual, named, ...masters].map(({ server }) => server.stop()));
  });

  const connectionsTo = (encryption: object | boolean): readonly object[] =>
    masters.map(({ port }) => ({ host: '127.0.0.1', port, tls: encryption }));
  const create = (connections: readonly object[], options: object = PATIENT): ReturnType<typeof locks.create> =>
    locks.create({ connections, credential: { password: PASSWORD }, options });
  const reasonOf = async (connections: readonly object[], options?: object): Promise<string> => {
    const thrown = await thrownBy(create(connections, options).open('123'), ConnectionException, 'NO_QUORUM');
    expect(inspect(thrown, { depth: 20, showHidden: true }))
      .not.to.include(PASSWORD)
      .and.not.to.include('PRIVATE KEY');
    return thrown.details.getAsString('masters');
  };
  const expectToServe = async (connections: readonly object[]): Promise<void> => {
    const [lock, other] = [create(connections), create(connections)];
    await lock.open('123');
    await other.open('123');
    expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(true);
    expect(await other.tryAcquireLock('123', 'key', LONG)).to.equal(false);
    await lock.releaseLock('123', 'key');
    expect(await other.tryAcquireLock('123', 'key', LONG)).to.equal(true);
    await other.releaseLock('123', 'key');
    expect(lock.getStatus().masters.map(({ state }) => state)).to.deep.equal(connections.map(() => 'ready'));
  };

  it('is made by host and port, with an authority as a path or as text', async () => {
    await expectToServe(connectionsTo({ ca }));
    await expectToServe(connectionsTo({ ca: pemOf('authority.crt') }));
  });

  it('is made with an authority in each form in which people have one', async () => {
    const text = pemOf('authority.crt');
    const forms = [Buffer.from(text), [pemOf('stranger.crt'), text], text.replaceAll('\n', '\\n')];
    await expectToServe(connectionsTo({ ca: forms[0] }));
    await expectToServe(connectionsTo({ ca: forms[1] }));
    await expectToServe(masters.map(({ port }) => ({ host: '127.0.0.1', port, ssl: { ca: forms[2] } })));
  });

  it('is made with a key that has a passphrase, and with Buffers', async () => {
    const key = createPrivateKey(pemOf('client.key')).export({
      ...{ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'sesame' },
    } as const);
    const [cert, passphrase] = [readFileSync(pathOf('client.crt')), 'sesame'];
    await expectToServe([
      { host: '127.0.0.1', port: mutual.port, tls: { ca, cert, key: Buffer.from(key), passphrase } },
    ]);
  });

  for (const asking of [{ ssl: true }, { secure: true }, { protocol: 'tls' }, { tls: {} }, { tls: 'true' }]) {
    it(`is made with ${JSON.stringify(asking)}, and nothing is sent in the clear instead`, async () => {
      const plain = addressesOf(masters.map(({ server }) => server)).map((address) => ({ ...address, ...asking }));
      // It waits for the end of a line, and says nothing.
      expect(await reasonOf(plain, HASTY)).to.include('TLS handshake');
      const encrypted = masters.map(({ port }) => ({ host: '127.0.0.1', port, ...asking }));
      expect(await reasonOf(encrypted)).to.include('certificate (self-signed');
    });
  }

  it('is made to anybody where the certificate is not looked at, and each open warns of it', async () => {
    const connections = masters.map(({ port }) => ({
      ...{ host: '127.0.0.1', port, tls: { ca: pathOf('stranger.crt'), rejectUnauthorized: false } },
    }));
    await expectToServe(connections);
    const warned: string[] = [];
    const logger = { warn: (_: unknown, message: string) => warned.push(message), debug() {}, info() {}, trace() {} };
    const lock = create(connections);
    lock.setReferences(References.fromTuples(new Descriptor('app', 'logger', 'memory', 'l', '1.0'), logger));
    for (const opened of [1, 2]) {
      await lock.open('123');
      await lock.close('123');
      expect(warned.filter((message) => message.includes('anybody can stand in'))).to.have.length(3 * opened);
    }
  });

  it('is made by uri, with the password in it', async () => {
    const uriOf = ({ port }: TlsMaster): string => `rediss://:${PASSWORD}@127.0.0.1:${port}`;
    await expectToServe(masters.map((master) => ({ uri: uriOf(master), tls: { ca } })));
  });

  it('shows a certificate of its own where a master asks for one', async () => {
    const { port } = mutual;
    const [cert, key] = [pathOf('client.crt'), pathOf('client.key')];
    await expectToServe([{ host: '127.0.0.1', port, tls: { ca, cert, key } }]);
    const wanted = 'certificate (the server wants a client certificate: tls.cert and tls.key (';
    expect(await reasonOf([{ host: '127.0.0.1', port, tls: { ca } }])).to.include(`127.0.0.1:${port}: ${wanted}`);
  });

  it('is made to the name that the certificate carries, where that is not the host', async () => {
    const { port } = named;
    await expectToServe([{ host: '127.0.0.1', port, tls: { ca, servername: 'master.test' } }]);
    const reason = await reasonOf([{ host: '127.0.0.1', port, tls: { ca } }]);
    expect(reason).to.match(new RegExp(`127\\.0\\.0\\.1:${port}: certificate \\(.*altnames`));
  });

  for (const [title, encryption] of [
    ['a stranger', { ca: pathOf('stranger.crt') }],
    ['nobody whom the platform knows', true],
  ] as const) {
    it(`is not made where the certificate was signed by ${title}: each master is named`, async () => {
      const reason = await reasonOf(connectionsTo(encryption));
      for (const { port } of masters) {
        expect(reason).to.match(new RegExp(`127\\.0\\.0\\.1:${port}: certificate \\(.*certificate`));
      }
    });
  }

  it('does no harm by what arrives after it was given up', async () => {
    const connect = spy(tls, 'connect');
    try {
      await reasonOf(connectionsTo({ ca: pathOf('stranger.crt') }));
      expect(connect.returnValues).to.have.length.above(2);
      // A master may answer the refusal of its certificate with an alert: a second error of a socket that is gone, which
      // ends the process where nobody listens.
      for (const socket of connect.returnValues) expect(socket.listenerCount('error')).to.be.above(0);
    } finally {
      restore();
    }
  });

  it('is no way around a wrong password', async () => {
    const wrong = masters.map(({ port }) => ({ uri: `rediss://:guess@127.0.0.1:${port}`, tls: { ca } }));
    const reason = await reasonOf(wrong);
    for (const { port } of masters) expect(reason).to.include(`127.0.0.1:${port}: wrong-password (`);
    expect(reason).not.to.include('guess');
  });

  it('is not made on a minority with a wrong certificate, which has no vote and says why', async () => {
    const [first, ...others] = masters;
    const wrong = { host: '127.0.0.1', port: first?.port, tls: { ca: pathOf('stranger.crt') } };
    const lock = create([wrong, ...others.map(({ port }) => ({ host: '127.0.0.1', port, tls: { ca } }))]);
    await lock.open('123');

    expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(true);
    expect(lock.getStatus().masters[0]).to.include({ state: 'away' });
    expect(lock.getStatus().masters[0]?.lastError).to.match(/^certificate: /);
  });

  it('is not even tried with a certificate and a key that do not belong together: open says so at once', async () => {
    const [cert, key] = [pathOf('client.crt'), pathOf('server.key')];
    const connect = spy(tls, 'connect');
    try {
      const lock = create(connectionsTo({ ca, cert, key }));
      const thrown = await thrownBy(lock.open('123'), ConfigException, 'BAD_CONNECTION');
      expect(thrown.message).to.equal('connections.0.tls has a cert and a key that do not belong together');
      expect(connect.callCount).to.equal(0);
    } finally {
      restore();
    }
  });

  it('is not made to a port that does not encrypt, nor a plain one to a port that does: neither hangs', async () => {
    const plain = addressesOf(masters.map(({ server }) => server)).map((address) => ({ ...address, tls: { ca } }));
    const { value: reasons, awakeMs } = await timed(() =>
      Promise.all([plain, connectionsTo(false)].map((connections) => reasonOf(connections, HASTY))),
    );
    expect(reasons[0]).to.match(/: unreachable \(.* TLS handshake, as a port without TLS does\)/);
    expect(reasons[1]).to.match(/: unreachable \(.* before anything was answered, as a TLS port does without tls\)/);
    expect(awakeMs).to.be.below(4000 + 500);
  });
});

import { expect } from 'chai';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { useFakeTimers } from 'sinon';
import { MasterConnection, sendCommand } from '../../support/MasterConnection';
import { freePort } from '../../support/freePort';
import { encodeCommand } from '../../support/resp';
import { startMasters } from '../../support/masters';
import type { Master } from '../../support/Master';
import { TcpProxy } from '../../support/TcpProxy';
import { until } from '../../support/until';

describe('TcpProxy', () => {
  let master: Master;
  let proxy: TcpProxy;
  let client: MasterConnection;

  const endpoint = () => ({ host: '127.0.0.1', port: proxy.port });

  /** What has been answered so far, in the order of the answers. */
  function collect(...commands: readonly string[]): unknown[] {
    const answers: unknown[] = [];
    for (const text of commands)
      client.call('ECHO', text).then(
        (answer) => answers.push(answer),
        () => undefined,
      );
    return answers;
  }

  async function masterHas(key: string): Promise<boolean> {
    return (await master.command('EXISTS', key)) === 1;
  }

  before(async () => {
    [master] = (await startMasters(1)) as [Master];
  });
  after(() => master.stop());

  beforeEach(async () => {
    await master.command('FLUSHALL');
    proxy = await TcpProxy.start(master.port, master.host);
    client = await MasterConnection.open(endpoint());
    await client.call('PING');
  });
  afterEach(async () => {
    client.close();
    await proxy.close();
  });

  it('passes bytes both ways', async () => {
    const text = 'x'.repeat(200_000);
    expect(await client.call('ECHO', text)).to.equal(text);
  });

  it('counts the clients that are connected', async () => {
    expect(proxy.connections).to.equal(1);
    const second = await MasterConnection.open(endpoint());
    await until(() => proxy.connections === 2, 'two clients');
    second.close();
    client.close();
    await until(() => proxy.connections === 0, 'no client');
  });

  it('ends the connection to the master when the client leaves', async () => {
    const clients = async () =>
      String(await master.command('CLIENT', 'LIST'))
        .trim()
        .split('\n').length;
    expect(await clients()).to.equal(2);
    client.close();
    await until(async () => (await clients()) === 1, 'only the one that asks is left');
  });

  it('delays both ways and keeps the order', async () => {
    proxy.delay(40);
    const answers = collect('one', 'two');
    const started = performance.now();
    await client.call('PING');

    expect(performance.now() - started).to.be.at.least(80);
    expect(answers).to.eql(['one', 'two']);
  });

  it('lets what is delayed go first when it passes again', async () => {
    proxy.delay(60_000);
    const answers = collect('one');
    expect(await failure(sendCommand(endpoint(), ['PING'], 50))).to.have.property('code', 'ETIMEDOUT');
    proxy.pass();
    await client.call('PING');

    expect(answers).to.eql(['one']);
  });

  it('holds bytes both ways and releases them in order', async () => {
    proxy.hold();
    const answers = collect('one', 'two');
    expect(await failure(sendCommand(endpoint(), ['PING'], 50))).to.have.property('code', 'ETIMEDOUT');
    expect(answers).to.eql([]);

    proxy.release();
    await client.call('PING');
    expect(answers).to.eql(['one', 'two']);
  });

  it('holds requests alone: the master does not get them, its answers pass', async () => {
    const popped = client.call('BLPOP', 'queue', 0);
    await until(async () => /^blocked_clients:1\r$/m.test(String(await master.command('INFO', 'clients'))), 'it waits');
    proxy.hold('up');
    await master.command('RPUSH', 'queue', 'item');
    expect(await popped).to.eql(['queue', 'item']);

    const set = client.call('SET', 'key', 'value');
    expect(await failure(sendCommand(endpoint(), ['PING'], 50))).to.have.property('code', 'ETIMEDOUT');
    expect(await masterHas('key')).to.equal(false);

    proxy.release();
    expect(await set).to.equal('OK');
  });

  it('holds answers alone: the master gets the request', async () => {
    proxy.hold('down');
    const answers: unknown[] = [];
    const set = client.call('SET', 'key', 'value').then((answer) => answers.push(answer));
    await until(() => masterHas('key'), 'the master has the key');
    expect(answers).to.eql([]);

    proxy.release();
    await set;
    expect(answers).to.eql(['OK']);
  });

  it('delivers a held request after its client has gone', async () => {
    proxy.hold('up');
    client.call('SET', 'ghost', 'value').catch(() => undefined);
    await failure(sendCommand(endpoint(), ['PING'], 50));
    client.close();
    await until(() => proxy.connections === 0, 'the client has gone');
    expect(await masterHas('ghost')).to.equal(false);

    proxy.release();
    await until(() => masterHas('ghost'), 'the request arrives');
  });

  it('forgets the bytes that it drops, held ones too, and keeps the connection', async () => {
    proxy.hold('up');
    const lost = client.call('SET', 'held', 'value').catch(() => 'lost');
    await failure(sendCommand(endpoint(), ['PING'], 50));
    proxy.drop();
    client.call('SET', 'dropped', 'value').catch(() => undefined);
    await failure(sendCommand(endpoint(), ['PING'], 50));
    proxy.pass();

    // Answers come in order, so this one is taken for the answer to the first request that was lost.
    client.call('PING').catch(() => undefined);
    expect(await lost).to.equal('PONG');
    expect(await master.command('DBSIZE')).to.equal(0);
    expect(client.isClosed).to.equal(false);
  });

  it('trickles answers byte by byte', async () => {
    const clock = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const socket = connect(endpoint());
    const arrived: string[] = [];
    try {
      proxy.trickle(5);
      socket.on('data', (bytes: Buffer) => arrived.push(bytes.toString()));
      socket.write(encodeCommand(['ECHO', 'abcd']));
      await once(socket, 'data');
      for (const byte of '4\r\nabcd\r\n') {
        const count = arrived.length;
        clock.tick(4);
        // What has been sent to this process arrives before the answer to what it asks then.
        await master.command('PING');
        expect(arrived).to.have.length(count);
        clock.tick(1);
        await once(socket, 'data');
        expect(arrived.slice(count)).to.eql([byte]);
      }
      expect(arrived[0]).to.equal('$');
    } finally {
      clock.restore();
      socket.destroy();
    }

    proxy.trickle(60_000);
    const answers = collect('one', 'two');
    proxy.pass();
    await client.call('PING');
    expect(answers).to.eql(['one', 'two']);
  });

  it('cuts live connections by a reset and takes new ones', async () => {
    proxy.hold('down');
    const lost = failure(client.call('SET', 'key', 'value'));
    await until(
      () => masterHas('key'),
      'the proxy has read the request: unread bytes would cause a reset by themselves',
    );
    proxy.cut();
    expect(await lost).to.have.property('code', 'ECONNRESET');

    proxy.pass();
    expect(await sendCommand(endpoint(), ['PING'])).to.equal('PONG');
  });

  it('leaves the client connected when the master side of a half-open connection goes', async () => {
    proxy.halfOpen();
    const answers = collect('one');
    expect(await sendCommand(endpoint(), ['PING'])).to.equal('PONG');
    await until(
      async () => !String(await master.command('CLIENT', 'LIST')).includes('cmd=ping'),
      'the master side is gone',
    );

    expect(answers).to.eql([]);
    expect(client.isClosed).to.equal(false);
    client.close();
    await until(() => proxy.connections === 0, 'the leaving of the client is noticed');
  });

  it('refuses new connections, keeps live ones, and accepts again on its port', async () => {
    proxy.refuse();
    expect(await failure(sendCommand(endpoint(), ['PING']))).to.have.property('code', 'ECONNREFUSED');
    expect(await client.call('PING')).to.equal('PONG');

    await proxy.accept();
    expect(await sendCommand(endpoint(), ['PING'])).to.equal('PONG');
  });

  it('ends the client when the master ends the connection or is not there', async () => {
    client.call('QUIT').catch(() => undefined);
    await until(() => client.isClosed, 'the client is ended');

    const nowhere = await TcpProxy.start(await freePort());
    const lost = await MasterConnection.open({ host: '127.0.0.1', port: nowhere.port });
    await until(() => lost.isClosed, 'the client is ended');
    await nowhere.close();
  });

  it('closes whatever mode it is in', async () => {
    proxy.hold();
    client.call('PING').catch(() => undefined);
    await proxy.close();
    await proxy.close();

    expect(proxy.connections).to.equal(0);
    await until(() => client.isClosed, 'the client is cut');
    expect(await failure(sendCommand(endpoint(), ['PING']))).to.have.property('code', 'ECONNREFUSED');
  });

  describe('in front of a peer that half-closes', () => {
    let peer: Server;
    let sockets: Socket[];

    beforeEach(async () => {
      sockets = [];
      peer = createServer({ allowHalfOpen: true }, (socket) => sockets.push(socket));
      peer.listen(0, '127.0.0.1');
      await once(peer, 'listening');
    });
    afterEach(() => {
      for (const socket of sockets) socket.destroy();
      peer.close();
    });

    it('passes the end of a stream behind the bytes before it', async () => {
      const { port } = peer.address() as { port: number };
      const slow = await TcpProxy.start(port);
      const peeked = await MasterConnection.open({ host: '127.0.0.1', port: slow.port });
      await until(() => sockets.length === 1, 'the peer is connected');
      slow.delay(30);
      const answer = peeked.call('PING');
      sockets[0]?.end('+last\r\n');

      expect(await answer).to.equal('last');
      await until(() => peeked.isClosed, 'then the end');
      await slow.close();
    });
  });
});

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'it did not fail',
    (error: unknown) => error,
  );
}

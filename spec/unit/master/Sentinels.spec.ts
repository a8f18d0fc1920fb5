import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import type { HostAndPort, MasterEndpoint } from '../../../lib/config/MasterEndpoint';
import type { MasterError } from '../../../lib/master/MasterError';
import { Sentinels } from '../../../lib/master/Sentinels';
import { until } from '../../support/until';

/** Longer than any test: what waits for it never settles. */
const NEVER_MS = 600_000;
const RECHECK_MS = 1000;

/** A Sentinel that says what it is told to. */
class SaidSentinel {
  /** The RESP of its answers to GET-MASTER-ADDR-BY-NAME and to MASTER; null where it does not answer. */
  address: string | null = null;
  state: string | null = null;
  asked = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {
    server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.sockets.delete(socket));
      socket.on('data', (data) => this.answer(socket, String(data)));
    });
  }

  static async start(): Promise<SaidSentinel> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new SaidSentinel(server);
  }

  get at(): HostAndPort {
    return { host: '127.0.0.1', port: (this.server.address() as AddressInfo).port };
  }

  names(host: string, epoch: number): void {
    this.address = `*2\r\n$${host.length}\r\n${host}\r\n$4\r\n6379\r\n`;
    this.state = `*4\r\n$4\r\nname\r\n$1\r\nm\r\n$12\r\nconfig-epoch\r\n$${String(epoch).length}\r\n${epoch}\r\n`;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  private answer(socket: Socket, commands: string): void {
    for (const [, command] of commands.matchAll(/\r\n(MASTER|GET-MASTER-ADDR-BY-NAME)\r\n/g)) {
      const answer = command === 'MASTER' ? this.state : this.address;
      if (command !== 'MASTER') this.asked += 1;
      if (answer !== null) socket.write(answer);
    }
  }
}

describe('Sentinels', () => {
  let said: readonly [SaidSentinel, SaidSentinel, SaidSentinel];
  const asking: Sentinels[] = [];
  let clock: SinonFakeTimers | null = null;

  beforeEach(async () => {
    said = [await SaidSentinel.start(), await SaidSentinel.start(), await SaidSentinel.start()];
  });
  afterEach(async () => {
    clock?.restore();
    clock = null;
    await Promise.all(asking.splice(0).map((sentinels) => sentinels.close()));
    await Promise.all(said.map((sentinel) => sentinel.stop()));
  });

  const ask = (timeoutMs = NEVER_MS, onMoved: (address: string) => void = () => {}, of = said.map(({ at }) => at)) => {
    const endpoint: MasterEndpoint = {
      name: 'a',
      address: 'm@s',
      target: { kind: 'sentinel', masterName: 'm', sentinels: of },
      db: 0,
      username: null,
      password: null,
      sentinelLogin: null,
      logInAnew: null,
      tls: null,
    };
    const sentinels = Sentinels.of(endpoint, timeoutMs, onMoved) ?? expect.fail('it is a group');
    asking.push(sentinels);
    return sentinels;
  };
  const faultOf = (work: Promise<unknown>): Promise<MasterError> =>
    work.then(
      () => expect.fail('it was expected to fail'),
      (error: MasterError) => error,
    );

  /** Lets the clock go on, and the sockets with it. */
  const tickUntil = async (condition: () => boolean): Promise<void> => {
    for (let turns = 0; !condition(); turns += 1) {
      expect(turns, 'turns of the loop').to.be.below(100_000);
      await clock?.tickAsync(RECHECK_MS);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };

  it('are believed behind the latest failover, once a majority has answered', async () => {
    said[0].names('old', 6);
    said[1].names('new', 7);
    said[2].address = null;
    expect(await ask().locate()).to.deep.equal({ host: 'new', port: 6379 });
  });

  it('are believed without the right to ask for the failover', async () => {
    for (const sentinel of said) {
      sentinel.names('here', 1);
      sentinel.state = '-NOPERM this user has no permissions\r\n';
    }
    expect(await ask().locate()).to.deep.equal({ host: 'here', port: 6379 });
  });

  it('count where they know the name, whatever the others say', async () => {
    said[0].address = said[1].address = '*-1\r\n';
    said[0].state = said[1].state = '-ERR No such master with that name\r\n';
    said[2].names('here', 1);
    await said[0].stop();
    expect(await ask(NEVER_MS, () => {}, [said[1].at, said[2].at]).locate()).to.deep.equal({
      host: 'here',
      port: 6379,
    });
    said = [await SaidSentinel.start(), said[1], said[2]];
  });

  it('that do not answer, and one that asks for a password, are named with their reasons', async () => {
    said[0].address = '-NOAUTH Authentication required.\r\n';
    said[0].state = '-NOAUTH Authentication required.\r\n';
    // Long enough for the one that answers.
    const fault = await faultOf(ask(2000).locate());
    expect(fault.kind).to.equal('unreachable');
    expect(fault.message).to.include(`Sentinel 127.0.0.1:${said[0].at.port}: NOAUTH`);
    expect(fault.message).to.include(`Sentinel 127.0.0.1:${said[1].at.port}: no answer within 2000 ms`);
  });

  it('that all ask for a password are a matter of the configuration', async () => {
    for (const sentinel of said) sentinel.address = sentinel.state = '-NOAUTH Authentication required.\r\n';
    expect((await faultOf(ask().locate())).kind).to.equal('no-password');
  });

  it('are asked each time anew, over connections that are made anew where they have gone', async () => {
    for (const sentinel of said) sentinel.names('here', 1);
    const sentinels = ask();
    // ioredis's own way fails with every fourth connection to the master.
    for (let turn = 0; turn < 9; turn += 1) {
      expect(await sentinels.locate()).to.deep.equal({ host: 'here', port: 6379 });
      if (turn % 2 === 1) said[turn % 3]?.cut();
    }
  });

  it('are asked again and again, and tell of another master once, unless they speak of the time before', async () => {
    clock = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    for (const sentinel of said) sentinel.names('first', 5);
    const moves: string[] = [];
    const sentinels = ask(NEVER_MS, (address) => moves.push(address));
    await sentinels.locate();
    // Once a look has its answers, the next one is due: without it no question would follow.
    const lookAgain = async (): Promise<void> => {
      const before = said.map(({ asked }) => asked);
      await tickUntil(() => said.every(({ asked }, index) => asked > (before[index] ?? 0) + 1));
    };
    await lookAgain();
    expect(moves).to.deep.equal([]);
    for (const sentinel of said) sentinel.names('former', 4);
    await lookAgain();
    expect(moves).to.deep.equal([]);
    for (const sentinel of said) sentinel.names('second', 6);
    await tickUntil(() => moves.length > 0);
    await clock.tickAsync(10 * RECHECK_MS);
    expect(moves).to.deep.equal(['second:6379']);
  });

  it('can be closed while they hang', async () => {
    const sentinels = ask();
    const located = faultOf(sentinels.locate());
    await until(() => said.every(({ asked }) => asked > 0), 'all are asked');
    await sentinels.close();
    expect((await located).kind).to.equal('unreachable');
  });

  it('can be closed when one has answered and the others hang: nobody is asked any more', async () => {
    clock = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    said[0].names('here', 1);
    const sentinels = ask();
    const located = faultOf(sentinels.locate());
    while (said.some(({ asked }) => asked === 0)) await new Promise((resolve) => setImmediate(resolve));
    // Its answer to another question comes behind the first.
    const only = ask(NEVER_MS, () => {}, [said[0].at]);
    await only.locate();
    await only.close();
    await new Promise((resolve) => setImmediate(resolve));
    await sentinels.close();
    expect((await located).kind).to.equal('closed');
    expect(clock.countTimers()).to.equal(0);
  });
});

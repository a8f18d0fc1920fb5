import { expect } from 'chai';
import type { References, MasterStatus } from '../../../lib';
import { addressesOf, useLocks, loggedInto } from '../../integration/lock/locks';
import { RedisServer } from '../../support/RedisServer';
import { TcpProxy } from '../../support/TcpProxy';
import { until } from '../../support/until';
import { Contender } from './fixtures/Contender';

const LONG = 60_000;
const MARKER = 'redlock:guard';

describe('A set of masters', function () {
  this.timeout(300_000);

  const locks = useLocks();
  let servers: readonly RedisServer[] = [];
  let processes: readonly Contender[] = [];

  before(async () => {
    processes = await Promise.all([Contender.start(), Contender.start()]);
  });
  beforeEach(async () => {
    servers = await Promise.all([0, 1, 2].map(() => RedisServer.start()));
  });
  afterEach(async () => {
    await Promise.all(processes.map((contender) => contender.close()));
    await Promise.all(servers.map((server) => server.stop()));
  });
  after(async () => {
    await Promise.all(processes.map((contender) => contender.end()));
  });

  // With limits that no test would outlast: what is waited for ends by itself, or the test fails.
  const configAt = (connections: readonly object[], options: object = {}): Record<string, unknown> => ({
    connections,
    options: { node_timeout: LONG, connect_timeout: LONG, ...options },
  });
  const configOf = (options: object = {}): Record<string, unknown> => configAt(addressesOf(servers), options);
  const serverAt = (index: number): RedisServer => servers[index] ?? expect.fail('there is no such server');
  const fieldOf = (index: number, field: string): Promise<unknown> => serverAt(index).command('HGET', MARKER, field);

  /** What a lock warns of before it is open. */
  const listen = (): { warnings: readonly string[]; references: References } => {
    const warnings: string[] = [];
    return { warnings, references: loggedInto(warnings) };
  };

  it('that is new serves at once, also when twenty open it in the same instant', async () => {
    const config = configOf();
    const outside = processes.map((contender) => contender.open(6, config));
    const inside = await Promise.all(Array.from({ length: 8 }, () => locks.open(config)));
    const quarantinesMs = (await Promise.all(outside)).flat();

    for (const lock of inside) {
      quarantinesMs.push(
        lock.getStatus().masters.map((master) => (master.state === 'ready' ? master.quarantineMs : null)),
      );
    }
    expect(quarantinesMs).to.deep.equal(Array(20).fill([0, 0, 0]));
    const held = await Promise.all(inside.map((lock, index) => lock.tryAcquireLock('123', `key ${index}`, LONG)));
    expect(held).to.deep.equal(Array(8).fill(true));
    for (const contender of processes) expect(await contender.attempt('key 0', LONG, 1)).to.include({ granted: 0 });
    // One founding: who comes to it late, when some have been admitted by it, names those that have not.
    const foundings = await Promise.all(
      [0, 1, 2].map(async (index) => String(await fieldOf(index, 'founding')).split(',')),
    );
    expect(new Set(foundings.flat()).size).to.equal(3);
    for (const founding of foundings) expect(founding).to.have.length.at.least(2);
  });

  it('that has come back empty as a whole is served at once by whoever has not known it', async () => {
    await (await locks.open(configOf())).close('123');
    await Promise.all(servers.map((server) => server.restartEmpty()));
    const lock = await locks.open(configOf());

    expect(lock.getStatus().masters.map(({ quarantineMs }) => quarantineMs)).to.deep.equal([0, 0, 0]);
    expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(true);
  });

  it('of one master is never in quarantine', async () => {
    const [connection] = addressesOf(servers);
    const lock = await locks.open({ connection, options: { node_timeout: LONG, connect_timeout: LONG } });
    expect(await fieldOf(0, 'run')).to.be.a('string');
    expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(true);
    for (const lose of [() => serverAt(0).restartEmpty(), () => serverAt(0).command('FLUSHALL')]) {
      await lose();
      await until(() => lock.tryAcquireLock('123', `key ${Math.random()}`, LONG).catch(() => false), 'it serves again');
      expect(lock.getStatus().masters[0]).to.include({ state: 'ready', quarantineMs: 0 });
    }
  });

  it('waits without a vote while too few have answered to tell', async () => {
    const { warnings, references } = listen();
    await Promise.all(servers.slice(1).map((server) => server.pause()));
    const lock = locks.create(configOf({ node_timeout: 1000 }), references);
    const opened = lock.open('123');
    await until(
      () => warnings.filter((message) => message.includes(': silent (')).length === 2,
      'two are known to be silent',
    );
    await until(async () => (await fieldOf(0, 'nonce')) !== null, 'the first master has answered');
    expect(await fieldOf(0, 'run')).to.equal(null);
    await Promise.all(servers.map((server) => server.resume()));
    await opened;

    // Of three that answer anew, two can found the set before the third is heard: that one is in quarantine then.
    const isVoter = ({ state }: MasterStatus): boolean => state === 'ready';
    await until(() => lock.getStatus().masters.filter(isVoter).length >= 2, 'two may vote');
    expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(true);
  });

  it('is open once whoever is about to be admitted is', async () => {
    const proxies = await Promise.all(servers.map((server) => TcpProxy.start(server.port)));
    const [last, late, slow] = proxies as [TcpProxy, TcpProxy, TcpProxy];
    try {
      last.refuse();
      late.refuse();
      slow.delay(150);
      const { warnings, references } = listen();
      const lock = locks.create(configAt(addressesOf(proxies)), references);
      const acquired = lock.open('123').then(() => lock.tryAcquireLock('123', 'key', LONG));
      // It may reject before it is waited for.
      acquired.catch(() => {});
      await until(
        () => warnings.some((message) => message.includes(': unadmitted (')),
        'the third waits for the others',
      );
      last.hold();
      await last.accept();
      await until(() => last.connections === 1, 'the first is connected to, and does not answer');
      await late.accept();
      await until(async () => (await fieldOf(1, 'run')) !== null, 'the set is founded without the first');
      // The admission of the third is on its way, and stays there.
      slow.hold();
      last.pass();
      await until(async () => Number(await fieldOf(0, 'until')) > 0, 'the first is in quarantine');
      slow.pass();

      expect(await acquired).to.equal(true);
      expect(lock.getStatus().masters[0]?.quarantineMs).to.be.above(0);
    } finally {
      await Promise.all(proxies.map((proxy) => proxy.close()));
    }
  });

  it('is founded also when one forgets meanwhile', async () => {
    const proxy = await TcpProxy.start(serverAt(2).port);
    try {
      proxy.hold();
      const connections = addressesOf(servers.slice(0, 2)).concat({ host: '127.0.0.1', port: proxy.port });
      const lock = locks.create(configAt(connections));
      const opened = lock.open('123');
      for (const index of [0, 1]) await until(async () => (await fieldOf(index, 'nonce')) !== null, 'it was read');
      await serverAt(0).command('FLUSHALL');
      proxy.pass();
      await opened;
      // Whether as new as the others or in quarantine: nobody can have held anything yet.
      const isAdmitted = (): boolean => ['ready', 'quarantined'].includes(lock.getStatus().masters[0]?.state ?? '');
      await until(isAdmitted, 'what forgot is admitted');

      expect(lock.getStatus().masters[0]?.lastError ?? '').not.to.include('unexpected');
      expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(true);
    } finally {
      await proxy.close();
    }
  });

  for (const [title, isWitnessed] of [
    ['that others have found out', true],
    ['that nobody has found out', false],
  ] as const) {
    it(`suffers no harm from a process that was stopped while it founded: one has forgotten since, ${title}`, async () => {
      const proxy = await TcpProxy.start(serverAt(2).port);
      try {
        proxy.hold();
        const proxied = addressesOf(servers.slice(0, 2)).concat({ host: '127.0.0.1', port: proxy.port });
        const stale = processes[0]?.open(1, configAt(proxied));
        // It has read two masters as new, and waits for what the third may say.
        for (const index of [0, 1]) await until(async () => (await fieldOf(index, 'nonce')) !== null, 'it was read');
        processes[0]?.freeze();
        const lock = await locks.open(configOf());
        await lock.acquireLock('123', 'key', LONG);
        await serverAt(0).command('FLUSHALL');
        if (isWitnessed) {
          await lock.acquireLock('123', 'another key', LONG);
          await lock.releaseLock('123', 'another key');
          await until(() => (lock.getStatus().masters[0]?.quarantineMs ?? 0) > 0, 'the loss is found out');
        }
        proxy.pass();
        processes[0]?.thaw();

        // What it read of the first master is no longer so: it has to see the quarantine, and found nothing there.
        const [quarantinesMs] = (await stale) ?? [];
        expect(quarantinesMs?.slice(1)).to.deep.equal([0, 0]);
        await until(async () => Number(await fieldOf(0, 'until')) > 0, 'the first master is in quarantine');
        expect(quarantinesMs?.[0]).to.satisfy((leftMs: number | null) => leftMs === null || leftMs > 0);
        expect(await processes[0]?.attempt('key', LONG, 20)).to.include({ granted: 0 });
        expect(lock.getStatus().held).to.equal(1);
      } finally {
        processes[0]?.thaw();
        await proxy.close();
      }
    });
  }
});

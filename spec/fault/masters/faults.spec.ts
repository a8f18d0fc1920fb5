import { expect } from 'chai';
import { ConnectionException } from 'pip-services4-commons-node';
import type { RedisLock } from '../../../lib';
import { thrownBy, useLocks } from '../../integration/lock/locks';
import { RedisServer } from '../../support/RedisServer';
import { timed } from '../../support/AwakeClock';
import { until } from '../../support/until';
import { cut, FAULTS, NODE_TIMEOUT_MS, PASSWORD, startPatient, type Patient } from './ailments';

const LONG = 60_000;
const SLACK_MS = 200;

describe('A lock, while a master', () => {
  const locks = useLocks();
  let patients: readonly Patient[] = [];

  before(async () => {
    patients = await Promise.all([0, 1, 2].map(startPatient));
  });
  afterEach(async () => {
    await Promise.all(patients.map(({ admin }) => admin.call('FLUSHALL')));
  });
  after(async () => {
    for (const { admin } of patients) admin.close();
    await Promise.all(patients.map(({ proxy }) => proxy.close()));
    await Promise.all(patients.map(({ server }) => server.stop()));
  });

  const open = (nodeTimeoutMs = NODE_TIMEOUT_MS): Promise<RedisLock> =>
    locks.open({
      connections: patients.map(({ proxy }) => ({ host: '127.0.0.1', port: proxy.port })),
      credential: { username: 'app', password: PASSWORD },
      options: { node_timeout: nodeTimeoutMs },
    });
  const pass = async (lock: RedisLock): Promise<boolean> => {
    const isHeld = await lock.tryAcquireLock('123', 'key', LONG);
    await lock.releaseLock('123', 'key');
    return isHeld;
  };
  const servesAgain = async (lock: RedisLock, withinMs: number): Promise<void> => {
    const { awakeMs } = await timed(() => until(() => pass(lock).catch(() => false), 'it serves again'));
    expect(awakeMs).to.be.below(withinMs);
  };
  const portsOf = (some: readonly Patient[]): readonly number[] => some.map(({ proxy }) => proxy.port);
  const areNamed = (lock: RedisLock, ports: readonly number[], named: RegExp): boolean =>
    lock
      .getStatus()
      .masters.filter(({ address }) => ports.some((port) => address.endsWith(`:${port}`)))
      .every(
        ({ state, lastError }) =>
          state === 'away' && named.test(lastError?.replace(/^([\w-]+): (.*)$/, '$1 ($2)') ?? ''),
      );

  for (const { title, named, play, isSeenBy, mend } of FAULTS) {
    describe(title, () => {
      let ill: readonly Patient[] = [];
      const fall = async (lock: RedisLock, count: number): Promise<void> => {
        ill = patients.slice(0, count);
        await Promise.all(ill.map(play));
        if (isSeenBy === 'asking') return;
        await Promise.all(ill.map(cut));
        await until(() => areNamed(lock, portsOf(ill), named), 'it is found out by connecting anew');
      };
      afterEach(async () => {
        await Promise.all(ill.map(mend));
      });

      it('serves without it', async () => {
        const lock = await open();
        await fall(lock, 1);
        expect(await pass(lock)).to.equal(true);
        expect(await pass(lock)).to.equal(true);
      });

      it('says so of each when no quorum is left, and serves again when they are well', async () => {
        const lock = await open();
        await fall(lock, 2);
        const attempt = () => thrownBy(lock.tryAcquireLock('123', 'key', LONG), ConnectionException, 'NO_QUORUM');
        const { value, awakeMs } = await timed(attempt);
        const { details } = value;

        expect(awakeMs).to.be.below(NODE_TIMEOUT_MS + SLACK_MS);
        for (const port of portsOf(ill)) {
          expect(details.getAsString('masters')).to.match(new RegExp(`127\\.0\\.0\\.1:${port}: ${named.source}`));
        }
        expect(details.getAsString('masters').match(new RegExp(named.source, 'g'))).to.have.length(2);
        await Promise.all(ill.map(mend));
        await servesAgain(lock, 2000);
      });
    });
  }

  it('resets its connection in the middle of a round, has it finished on the next connection', async () => {
    const lock = await open(LONG);
    const ill = patients.slice(0, 2);
    for (const { proxy } of ill) proxy.hold();
    const attempt = lock.tryAcquireLock('123', 'key', LONG);
    for (const { proxy } of ill) proxy.cut();
    for (const { proxy } of ill) proxy.pass();

    expect(await attempt).to.equal(true);
  });

  it('resets its connection in the middle of a round and takes no other, is named', async () => {
    const lock = await open(LONG);
    const ill = patients.slice(0, 2);
    for (const { proxy } of ill) proxy.hold();
    const attempt = thrownBy(lock.tryAcquireLock('123', 'key', LONG), ConnectionException, 'NO_QUORUM');
    for (const { proxy } of ill) proxy.refuse();
    for (const { proxy } of ill) proxy.cut();
    const { details } = await attempt;
    for (const { proxy } of ill) {
      proxy.pass();
      await proxy.accept();
    }

    for (const port of portsOf(ill))
      expect(details.getAsString('masters')).to.match(new RegExp(`:${port}: unreachable \\(read ECONNRESET\\)`));
    await servesAgain(lock, 1000);
  });

  it('has lost its scripts, loses no vote', async () => {
    const lock = await open(LONG);
    expect(await pass(lock)).to.equal(true);
    await Promise.all(patients.map(({ admin }) => admin.call('SCRIPT', 'FLUSH')));
    await lock.acquireLock('123', 'key', LONG);
    for (const { admin } of patients) {
      await until(async () => (await admin.call('EXISTS', 'key')) === 1, 'each master grants it');
    }
    await lock.releaseLock('123', 'key');
    expect(lock.getStatus().masters.map(({ lastError }) => lastError)).to.deep.equal([null, null, null]);
  });

  it('asks for a password that nobody gave it', async () => {
    const ill = patients.slice(0, 2);
    const connections = patients.map(({ proxy }) => ({ host: '127.0.0.1', port: proxy.port }));
    const lock = await locks.open({ connections });
    try {
      await Promise.all(ill.map(({ admin }) => admin.call('CONFIG', 'SET', 'requirepass', PASSWORD)));
      await Promise.all(ill.map(cut));
      await until(() => areNamed(lock, portsOf(ill), /^no-password \(NOAUTH /), 'it is found out');
      const { details } = await thrownBy(pass(lock), ConnectionException, 'NO_QUORUM');
      const said = details.getAsString('masters');
      for (const port of portsOf(ill)) expect(said).to.match(new RegExp(`:${port}: no-password \\(NOAUTH `));
    } finally {
      await Promise.all(ill.map(({ admin }) => admin.call('CONFIG', 'SET', 'requirepass', '')));
    }
    await servesAgain(lock, 1000);
  });

  it('has a name that does not resolve', async () => {
    const known = patients.map(({ server }) => ({ host: '127.0.0.1', port: server.port }));
    const nowhere = ['a', 'b'].map((name) => ({ host: `${name}.invalid`, port: 6379 }));
    const login = { credential: { username: 'app', password: PASSWORD } };
    const lock = await locks.open({ connections: [...known.slice(1), ...nowhere.slice(1)], ...login });
    expect(await pass(lock)).to.equal(true);

    const lost = locks.create({ connections: [...known.slice(2), ...nowhere], ...login });
    const { details } = await thrownBy(lost.open('123'), ConnectionException, 'NO_QUORUM');
    for (const { host } of nowhere)
      expect(details.getAsString('masters')).to.match(new RegExp(`${host}:6379: unreachable \\(`));
  });

  it('is loading its data', async () => {
    // Left alone, they would take six seconds, and answer every 60 ms.
    const delays = ['--key-load-delay', '60000', '--loading-process-events-interval-bytes', '1024'];
    const slowly = [...delays, '--rdbcompression', 'no', '--save', '3600', '1'];
    const servers = await Promise.all([0, 1].map(() => RedisServer.start({ args: slowly })));
    const ports = servers.map(({ port }) => port);
    const connections = [...ports, patients[2]?.server.port].map((port) => ({ host: '127.0.0.1', port }));
    const lock = await locks.open({ connections, options: { restart_guard: 0 } });
    const fill = "for key = 1, 100 do redis.call('set', 'data ' .. key, string.rep('x', 1024)) end";
    for (const server of servers) await server.command('EVAL', fill, 0);
    await Promise.all(servers.map((server) => server.command('SAVE')));
    const restarts = Promise.all(servers.map((server) => server.restart()));
    try {
      await until(() => areNamed(lock, ports, /^loading \(/), 'that is found out');
      const { details } = await thrownBy(pass(lock), ConnectionException, 'NO_QUORUM');
      for (const port of ports)
        expect(details.getAsString('masters')).to.match(new RegExp(`127\\.0\\.0\\.1:${port}: loading \\(`));
      await Promise.all(servers.map((server) => server.command('CONFIG', 'SET', 'key-load-delay', 0)));
      await restarts;
      await servesAgain(lock, 2000);
    } finally {
      // One that is stopped while it starts would be started after it.
      await restarts;
      await lock.close('123');
      await Promise.all(servers.map((server) => server.stop()));
    }
  });
});

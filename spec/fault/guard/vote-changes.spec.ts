import { expect } from 'chai';
import { Descriptor, References, type RedisLock } from '../../../lib';
import { MARKER } from '../../../lib/master/marker';
import { addressesOf, UNHURRIED, useLocks } from '../../integration/lock/locks';
import { RedisServer } from '../../support/RedisServer';
import { until } from '../../support/until';

const LONG = 60_000;

describe("The votes of a lock's masters", () => {
  const locks = useLocks();
  let servers: readonly RedisServer[] = [];
  let lines: string[] = [];

  before(async () => {
    servers = await Promise.all([0, 1, 2].map(() => RedisServer.start()));
  });
  beforeEach(async () => {
    lines = [];
    await Promise.all(servers.map((server) => server.command('FLUSHALL')));
  });
  after(async () => {
    await Promise.all(servers.map((server) => server.stop()));
  });

  const serverAt = (index: number): RedisServer => servers[index] ?? expect.fail('there is no such server');
  const configOf = (options: object): Readonly<Record<string, unknown>> => ({
    connections: addressesOf(servers),
    options: { ...UNHURRIED, ...options },
  });
  /** Writes down what the log says of the first master. */
  const open = (options: object): Promise<RedisLock> => {
    const note =
      (level: string) =>
      (_context: unknown, message: string): void => {
        const [, said] = new RegExp(`^Redis master .*\\b${serverAt(0).port}\\b\\)? (.*)`).exec(message) ?? [];
        if (said !== undefined) lines.push(`${level}: ${said.replace(/\d+ ms/, 'n ms')}`);
      };
    const logger = { info: note('info'), warn: note('warn'), error() {}, trace() {} };
    const references = References.fromTuples(new Descriptor('app', 'logger', 'x', 'y', '1.0'), logger);
    return locks.open(configOf(options), references);
  };
  const firstOf = (lock: RedisLock): Readonly<Record<string, unknown>> => ({ ...lock.getStatus().masters[0] });

  const READY = 'info: is ready';
  const QUARANTINED = 'warn: has no vote: quarantined (has lost its memory, and may vote in n ms)';

  it('are lost and return with one line each, where a master is restarted empty', async () => {
    const lock = await open({ restart_guard: 1_000 });
    await until(() => lines.length === 1, 'it is ready');
    await serverAt(0).restartEmpty();
    await until(() => lines.filter((line) => line === READY).length === 2, 'it has its vote again');

    expect(lines.filter((line) => !line.includes('unreachable'))).to.deep.equal([READY, QUARANTINED, READY]);
    expect(firstOf(lock)).to.include({ state: 'ready', quarantineMs: 0, lastError: null });
  });

  it('are shown by the state of a master that is connected to and has none', async () => {
    const lock = await open({ restart_guard: LONG });
    await serverAt(0).restartEmpty();
    await until(() => firstOf(lock)['state'] === 'quarantined', 'it is in quarantine');

    expect(firstOf(lock)['quarantineMs']).to.be.within(1, LONG);
    expect(lines.at(-1)).to.equal(QUARANTINED);
    const other = await locks.open(configOf({ restart_guard: LONG }));
    await until(() => firstOf(other)['state'] === 'quarantined', 'whoever opens a lock now sees it, too');
  });

  it('are lost with one line, where a master is flushed', async () => {
    const lock = await open({ restart_guard: LONG });
    await until(() => lines.length === 1, 'it is ready');
    await serverAt(0).command('FLUSHALL');
    await lock.tryAcquireLock('123', 'key', LONG);
    await until(() => firstOf(lock)['state'] === 'quarantined', 'it is in quarantine');

    expect(lines).to.deep.equal([READY, QUARANTINED]);
  });

  it('are seen to be lost also where another process has found that out', async () => {
    const lock = await open({ restart_guard: LONG });
    const other = await locks.open(configOf({ restart_guard: LONG }));
    await until(() => lines.length === 1, 'it is ready');
    await serverAt(0).command('FLUSHALL');
    await other.tryAcquireLock('123', 'other', LONG);
    await until(async () => Number(await serverAt(0).command('HGET', MARKER, 'until')) > 0, 'it is in quarantine');
    expect(firstOf(lock)['state']).to.equal('ready');
    await lock.tryAcquireLock('123', 'key', LONG);
    await until(() => firstOf(lock)['state'] === 'quarantined', 'it is told so by the master');

    expect(lines).to.deep.equal([READY, QUARANTINED]);
  });
});

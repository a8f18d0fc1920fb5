import { expect } from 'chai';
import { ConfigException, ConnectionException } from 'pip-services4-commons-node';
import type { RedisLock } from '../../../lib';
import { IDENTIFY } from '../../../lib/master/identity';
import { MARKER } from '../../../lib/master/marker';
import { addressesOf, thrownBy, useLocks, loggedInto } from '../../integration/lock/locks';
import { RedisServer } from '../../support/RedisServer';
import { until } from '../../support/until';

const LONG = 60_000;

/** As `rename-command` and hosted services do it. */
describe('A server from which a command was taken away', () => {
  const locks = useLocks();
  const servers: RedisServer[] = [];
  let warnings: string[] = [];
  afterEach(async () => {
    warnings = [];
    await Promise.all(servers.splice(0).map((server) => server.stop()));
  });

  async function without(...commands: readonly string[]): Promise<RedisServer> {
    const server = await RedisServer.start({ args: commands.flatMap((name) => ['--rename-command', name, '']) });
    servers.push(server);
    return server;
  }
  const create = (connections: readonly object[], options: object = {}): RedisLock => {
    const references = loggedInto(warnings);
    return locks.create({ connections, options: { connect_timeout: LONG, ...options } }, references);
  };

  for (const [command, lost] of [
    [
      'INFO',
      'a restart from an older snapshot, a replica, a shard of a cluster and a policy that evicts locks are not found out',
    ],
    ['CLIENT', 'an acquire that the network holds back may take effect after it was given up'],
    ['EVALSHA', 'each script is sent in full, which takes longer'],
    ['SCRIPT', null],
  ] as const) {
    it(`is used without ${command}, with ${lost === null ? 'no' : 'one'} warning`, async () => {
      const lock = create(addressesOf([await without(command)]));
      await lock.open('123');
      const lease = await lock.acquireLease('123', 'key', LONG, { fencing: true });
      await lease.extend(LONG);
      expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(false);
      expect((await lease.release()).kind).to.equal('released');

      expect(warnings.filter((warning) => warning.includes('does not permit'))).to.have.length(lost === null ? 0 : 1);
      if (lost !== null) expect(warnings[0]).to.include(lost);
    });
  }

  for (const command of ['EVAL', 'TIME', 'HGETALL', 'PTTL', 'SET']) {
    it(`is refused at once without ${command}, which is named`, async () => {
      const lock = create(addressesOf([await without(command)]));
      const { message } = await thrownBy(lock.open('123'), ConnectionException, 'NO_QUORUM');

      expect(message).to.include(
        `unknown-command (the server has no ${command}, which the scripts of every lock need)`,
      );
    });
  }

  describe('so that it does not name its run', () => {
    it('is a master of its own beside another one', async () => {
      const lock = create(addressesOf([await without('INFO'), await without('INFO'), await without()]));
      await lock.open('123');
      await until(() => lock.getStatus().masters.every(({ state }) => state === 'ready'), 'all have a vote');
      expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(true);
    });

    it('is found to be one server under two names', async () => {
      const { port } = await without('INFO');
      const lock = create([
        { host: '127.0.0.1', port },
        { host: 'localhost', port },
      ]);
      await thrownBy(lock.open('123'), ConfigException, 'DUPLICATE_MASTER');
    });

    it('has no vote for a while when it comes back empty', async () => {
      const nameless = await without('INFO');
      const lock = create(addressesOf([nameless, await without(), await without()]));
      await lock.open('123');
      await until(() => lock.getStatus().masters.every(({ state }) => state === 'ready'), 'all have a vote');
      await nameless.restartEmpty();
      await until(() => (lock.getStatus().masters[0]?.quarantineMs ?? 0) > 0, 'it is in quarantine');
    });

    it('keeps its name for as long as it runs, and gets another one when it began to run at another time', async () => {
      const server = await without();
      const named = (name: string, uptimeS: number): Promise<unknown> =>
        server.command('EVAL', IDENTIFY.source, 1, MARKER, name, uptimeS);
      expect(await named('one', 100)).to.equal('one');
      expect(await named('two', 100)).to.equal('one');
      expect(await named('three', 10)).to.equal('three');
      expect(await named('four', 10)).to.equal('three');
    });
  });
});

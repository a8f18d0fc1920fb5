import { expect } from 'chai';
import { addressesOf, standsOnAll, useLocks, valuesOn } from '../../integration/lock/locks';
import { RedisServer } from '../../support/RedisServer';
import { until } from '../../support/until';

/** As long as the ttl. It is renewed at a third of it, and outlives a process that stands still for a second or two. */
const GUARD_MS = 3500;

describe('A renewing lease while all masters are restarted in turn', function () {
  this.timeout(300_000);

  const locks = useLocks();
  let servers: readonly RedisServer[] = [];

  afterEach(async () => {
    await Promise.all(servers.map((server) => server.stop()));
  });

  it('is never lost where they persist, and each is waited for until its quarantine is over', async () => {
    const args = ['--appendonly', 'yes', '--appendfsync', 'always'];
    servers = await Promise.all([0, 1, 2].map(() => RedisServer.start({ args })));
    const options = { restart_guard: GUARD_MS, node_timeout: 1000, retry_timeout: 10 };
    const [lock, other] = await Promise.all(
      [0, 1].map(() => locks.open({ connections: addressesOf(servers), options })),
    );
    if (!lock || !other) throw new Error('no locks');
    const lease = await lock.acquireLease('123', 'key', GUARD_MS, { autoRenew: true });
    const { signal } = lease;
    await until(() => standsOnAll(servers, 'key'), 'it stands on each master');
    const tokens = await valuesOn(servers, 'key');
    for (const [index, server] of servers.entries()) {
      await server.restart();
      const master = () => lock.getStatus().masters[index];
      await until(() => master()?.state === 'quarantined', 'it is in quarantine');
      await until(async () => {
        expect(await other.tryAcquireLock('123', 'key', GUARD_MS).catch(() => false)).to.equal(false);
        return master()?.quarantineMs === 0;
      }, 'its quarantine is over');
      await until(async () => (await server.command('GET', 'key')) === tokens[index], 'it has the lock');
    }

    expect({ isValid: lease.isValid(), isLost: signal.aborted }).to.eql({ isValid: true, isLost: false });
    expect(await valuesOn(servers, 'key')).to.eql(tokens);
    expect((await lease.release()).kind).to.equal('released');
  });
});

import { expect } from 'chai';
import type { RedisLock } from '../../../lib';
import { addressesOf, useLocks } from '../../integration/lock/locks';
import { RedisServer } from '../../support/RedisServer';
import { until } from '../../support/until';
import { Contender, type Attempts } from './fixtures/Contender';

const TTL_MS = 30_000;
const GUARD_MS = 60_000;

/** How a master comes to know less than it did. */
interface Loss {
  readonly title: string;
  readonly args: readonly string[];
  /** Done on each master before the lock is held. */
  readonly prepare: (server: RedisServer) => Promise<unknown>;
  readonly strike: (server: RedisServer) => Promise<unknown>;
}

const nothing = async (): Promise<void> => {};
const LOSSES: readonly Loss[] = [
  { title: 'restarted empty', args: [], prepare: nothing, strike: (server) => server.restartEmpty() },
  { title: 'flushed', args: [], prepare: nothing, strike: (server) => server.command('FLUSHALL') },
  {
    title: "killed, and comes back with what Redis's default `save` had kept",
    args: ['--save', '3600', '1', '300', '100', '60', '10000'],
    prepare: (server) => server.command('SAVE'),
    strike: (server) => server.restart(),
  },
];

describe('A lock that is held while each master in turn', function () {
  this.timeout(300_000);

  const locks = useLocks();
  let servers: readonly RedisServer[] = [];
  // The second process opens its locks when the first master is back; until then it knows nothing of any master.
  let processes: readonly Contender[] = [];

  before(async () => {
    processes = await Promise.all([Contender.start(), Contender.start()]);
  });
  afterEach(async () => {
    await Promise.all(processes.map((contender) => contender.close()));
    await Promise.all(servers.map((server) => server.stop()));
  });
  after(async () => {
    await Promise.all(processes.map((contender) => contender.end()));
  });

  /** Takes the lock, strikes one master after the other, and counts who else gets it on the way. */
  async function contend(loss: Loss, restartGuardMs: number): Promise<Attempts> {
    servers = await Promise.all([0, 1, 2].map(() => RedisServer.start({ args: loss.args })));
    const config = { connections: addressesOf(servers), options: { restart_guard: restartGuardMs } };
    const [holder, witness] = [await locks.open(config), await locks.open(config)];
    await processes[0]?.open(2, config);
    await Promise.all(servers.map(loss.prepare));
    expect(await holder.tryAcquireLock('123', 'key', TTL_MS)).to.equal(true);

    const insiders = [witness];
    const made: Attempts[] = [];
    const attempt = async (count: number): Promise<void> => {
      const inside = insiders.map((lock) => attemptWith(lock, count));
      const outside = processes.map((contender) => contender.attempt('key', TTL_MS, count));
      made.push(...(await Promise.all([...inside, ...outside])));
    };
    for (const [index, server] of servers.entries()) {
      await loss.strike(server);
      await until(async () => {
        // What was flushed is found out by asking, what was restarted by connecting anew.
        await attempt(1);
        return (await isGreeted(server)) && isBack(witness, index, restartGuardMs > 0);
      }, 'it is admitted or quarantined');
      insiders.push(await locks.open(config));
      if (index === 0) await processes[1]?.open(2, config);
      await attempt(75);
    }
    expect(holder.getStatus().held).to.equal(1);
    return {
      attempts: made.reduce((sum, { attempts }) => sum + attempts, 0),
      granted: made.reduce((sum, { granted }) => sum + granted, 0),
    };
  }

  for (const loss of LOSSES) {
    describe(`is ${loss.title}`, () => {
      it('is granted to nobody else', async () => {
        const { attempts, granted } = await contend(loss, GUARD_MS);
        expect(granted).to.equal(0);
        expect(attempts).to.be.at.least(1000);
      });

      it('is granted a second time where the guard is off', async () => {
        expect((await contend(loss, 0)).granted).to.equal(1);
      });
    });
  }
});

async function attemptWith(lock: RedisLock, attempts: number): Promise<Attempts> {
  let granted = 0;
  for (let count = 0; count < attempts; count++) {
    try {
      if (await lock.tryAcquireLock('123', 'key', TTL_MS)) granted += 1;
    } catch (error) {
      if ((error as { readonly code?: string }).code !== 'NO_QUORUM') throw error;
    }
  }
  return { attempts, granted };
}

/** Whether any lock has loaded its scripts into this run of the server. */
async function isGreeted(server: RedisServer): Promise<boolean> {
  return !String(await server.command('INFO', 'memory')).includes('number_of_cached_scripts:0');
}

/** Whether a master that was struck may be asked to vote again, or has lost its vote to a quarantine. */
function isBack(witness: RedisLock, index: number, isGuarded: boolean): boolean {
  return witness.getStatus().masters[index]?.state === (isGuarded ? 'quarantined' : 'ready');
}

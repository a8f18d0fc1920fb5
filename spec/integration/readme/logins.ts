import { expect } from 'chai';
import { ConnectionException } from 'pip-services4-commons-node';
import { Descriptor, References } from '../../../lib';
import { addressesOf, thrownBy } from '../lock/locks';
import type { Master } from '../../support/Master';
import { startMasters } from '../../support/masters';
import { until } from '../../support/until';
import { LONG, type Scenes, type Stage } from './stage';

/** Masters that do not let the lock in. */
export function logins({ locks }: Stage): Scenes {
  return {
    '1 of 3 with a wrong password': () =>
      withPasswords(async (connections) => {
        const { logged, references } = warningsLogged();
        const lock = await locks.open({ connections: connections('wrong', 'sesame', 'sesame') }, references);
        expect(await lock.tryAcquireLock(null, 'key', LONG)).to.equal(true);
        await lock.releaseLock(null, 'key');
        expect(lock.getStatus().masters[0]).to.have.property('state', 'away');
        expect(lock.getStatus().masters[0]?.lastError).to.match(/^wrong-password: /);
        expect(logged).to.have.lengthOf(1);
        expect(logged[0]).to.include('wrong-password');
      }),
    '1 of 3 without a right it needs': () =>
      withRights(async (connections, set) => {
        const { logged, references } = warningsLogged();
        await change(set.slice(0, 1), '-pttl');
        const lock = await locks.open({ connections }, references);
        expect(await lock.tryAcquireLock(null, 'key', LONG)).to.equal(true);
        await lock.releaseLock(null, 'key');
        expect(lock.getStatus().masters[0]).to.include({ state: 'away' });
        expect(lock.getStatus().masters[0]?.lastError).to.equal(`no-permission: ${LACKING}`);
        expect(logged).to.have.lengthOf(1);
        expect(logged[0]).to.include('+pttl');
        await change(set.slice(0, 1), '+pttl');
        await until(() => lock.getStatus().masters[0]?.state === 'quarantined', 'it has joined');
      }),
    '2 of 3 without a right they need': () =>
      withRights(async (connections, set) => {
        await change(set.slice(0, 2), '-pttl');
        const opened = locks.open({ connections, options: { connect_timeout: 200 } });
        const { details } = await thrownBy(opened, ConnectionException, 'NO_QUORUM');
        for (const { port } of set.slice(0, 2)) {
          expect(details.getAsString('masters')).to.include(`${port}: no-permission (${LACKING})`);
        }
      }),
    '2 of 3 with a wrong password': () =>
      withPasswords(async (connections) => {
        const config = { connections: connections('wrong', 'wrong', 'sesame'), options: { connect_timeout: 200 } };
        const thrown = await thrownBy(locks.open(config), ConnectionException, 'NO_QUORUM');
        expect(thrown.details.getAsString('masters').match(/: wrong-password /g)).to.have.lengthOf(2);
      }),
  };
}

/** Where the right to read for how long a key is there is all that is missing. */
const LACKING = 'the user lacks +pttl: ACL SETUSER app +pttl';

function warningsLogged(): { readonly logged: readonly string[]; readonly references: References } {
  const logged: string[] = [];
  const logger = { info: () => {}, trace: () => {}, warn: (_: unknown, message: string) => logged.push(message) };
  return { logged, references: References.fromTuples(Descriptor.fromString('spec:logger:memory:default:1.0'), logger) };
}

async function withRights(
  play: (connections: readonly object[], set: readonly Master[]) => Promise<void>,
): Promise<void> {
  const set = await startMasters(3);
  const login = { username: 'app', password: 'sesame' };
  try {
    await change(set, 'reset', 'on', '>sesame', '~*', '&*', '+@all');
    await play(
      addressesOf(set).map((address) => ({ ...address, ...login })),
      set,
    );
  } finally {
    await Promise.all(set.map((each) => each.command('ACL', 'DELUSER', 'app')));
    await Promise.all(set.map((each) => each.stop()));
  }
}

/** Changes what the user may do. */
async function change(some: readonly Master[], ...rules: readonly string[]): Promise<void> {
  await Promise.all(some.map((each) => each.command('ACL', 'SETUSER', 'app', ...rules)));
}

async function withPasswords(
  play: (connections: (...passwords: readonly string[]) => readonly object[]) => Promise<void>,
): Promise<void> {
  const set = await startMasters(3, { args: ['--requirepass', 'sesame'] });
  try {
    await play((...passwords) => addressesOf(set).map((address, at) => ({ ...address, password: passwords[at] })));
  } finally {
    await Promise.all(set.map((each) => each.stop()));
  }
}

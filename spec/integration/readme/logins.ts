import { expect } from 'chai';
import { ConnectionException } from 'pip-services4-commons-node';
import { Descriptor, References } from '../../../lib';
import { addressesOf, thrownBy } from '../lock/locks';
import { startMasters } from '../../support/masters';
import { LONG, type Scenes, type Stage } from './stage';

/** Masters that do not let the lock in. */
export function logins({ locks }: Stage): Scenes {
  return {
    '1 of 3 with a wrong password': () =>
      withPasswords(async (connections) => {
        const logged: string[] = [];
        const logger = { info: () => {}, trace: () => {}, warn: (_: unknown, message: string) => logged.push(message) };
        const references = References.fromTuples(Descriptor.fromString('spec:logger:memory:default:1.0'), logger);
        const lock = await locks.open({ connections: connections('wrong', 'sesame', 'sesame') }, references);
        expect(await lock.tryAcquireLock(null, 'key', LONG)).to.equal(true);
        await lock.releaseLock(null, 'key');
        expect(lock.getStatus().masters[0]).to.have.property('state', 'away');
        expect(lock.getStatus().masters[0]?.lastError).to.match(/^wrong-password: /);
        expect(logged).to.have.lengthOf(1);
        expect(logged[0]).to.include('wrong-password');
      }),
    '2 of 3 with a wrong password': () =>
      withPasswords(async (connections) => {
        const config = { connections: connections('wrong', 'wrong', 'sesame'), options: { connect_timeout: 200 } };
        const thrown = await thrownBy(locks.open(config), ConnectionException, 'NO_QUORUM');
        expect(thrown.message.match(/: wrong-password /g)).to.have.lengthOf(2);
      }),
  };
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

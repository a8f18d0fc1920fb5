import { join } from 'node:path';
import { expect } from 'chai';
import { ConnectionException } from 'pip-services4-commons-node';
import { thrownBy, useLocks } from '../../integration/lock/locks';
import { freePort } from '../../support/freePort';
import { RedisServer } from '../../support/RedisServer';
import { SentinelServer } from '../../support/SentinelServer';

const pathOf = (file: string): string => join(__dirname, 'certificates', file);

describe('A group whose master and Sentinel are encrypted', () => {
  const locks = useLocks();
  const files = [
    ['tls-cert-file', pathOf('server.crt')],
    ['tls-key-file', pathOf('server.key')],
    ['tls-ca-cert-file', pathOf('authority.crt')],
    ['tls-auth-clients', 'no'],
  ] as const;
  let master: RedisServer;
  let sentinel: SentinelServer;
  let sentinelPort: number;

  before(async () => {
    const masterPort = await freePort();
    const args = files.flatMap(([name, value]) => [`--${name}`, value]);
    master = await RedisServer.start({ args: ['--tls-port', String(masterPort), ...args] });
    sentinelPort = await freePort();
    const settings = [`tls-port ${sentinelPort}`, 'tls-replication yes', ...files.map((file) => file.join(' '))];
    sentinel = await SentinelServer.start([{ name: 'locks', port: masterPort, quorum: 1 }], settings);
  });
  after(async () => {
    await sentinel.stop();
    await master.stop();
  });

  it('is asked and locked on over TLS', async () => {
    const group = { sentinels: [`127.0.0.1:${sentinelPort}`], master_name: 'locks' };
    const lock = await locks.open({ connection: { ...group, tls: { ca: pathOf('authority.crt') } } });
    expect(await lock.tryAcquireLock('123', 'key', 60_000)).to.equal(true);
    expect(await master.command('EXISTS', 'key')).to.equal(1);
  });

  it('is refused where the certificate of the Sentinel cannot be trusted, which is named', async () => {
    const group = { sentinels: [`127.0.0.1:${sentinelPort}`], master_name: 'locks' };
    const lock = locks.create({ connection: { ...group, tls: true } });
    const { message } = await thrownBy(lock.open('123'), ConnectionException, 'NO_QUORUM');
    expect(message).to.include(`certificate (Sentinel 127.0.0.1:${sentinelPort}: `);
  });
});

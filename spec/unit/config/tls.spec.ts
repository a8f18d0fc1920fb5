import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { parseConfig } from '../../../lib/config/LockConfig';
import type { TlsSettings } from '../../../lib/config/TlsSettings';
import { resolveMasters } from '../../../lib/config/resolveMasters';
import { refusalOf } from './refusal';

const pem = (what: string): string => `-----BEGIN ${what}-----\nAAAA\n-----END ${what}-----\n`;
const NONE = { ca: null, cert: null, key: null, servername: null };

const tlsOf = async (connection: Record<string, unknown>): Promise<TlsSettings | null | undefined> =>
  (await resolveMasters(null, parseConfig({ connection }), null))[0]?.tls;

describe('tls', () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tls-'));
  });

  after(() => rm(folder, { recursive: true }));

  it('is off unless it is asked for', async () => {
    expect(await tlsOf({ host: 'a' })).to.equal(null);
    expect(await tlsOf({ host: 'a', tls: false })).to.equal(null);
    expect(await tlsOf({ uri: 'redis://a', tls: 'no' })).to.equal(null);
    expect(await tlsOf({ host: 'a', tls: false, 'tls.servername': 'b' })).to.equal(null);
  });

  it('is on with true, with rediss, and with any setting of its own', async () => {
    expect(await tlsOf({ host: 'a', tls: true })).to.deep.equal(NONE);
    expect(await tlsOf({ uri: 'redis://a', tls: 'yes' })).to.deep.equal(NONE);
    expect(await tlsOf({ uri: 'rediss://a' })).to.deep.equal(NONE);
    expect(await tlsOf({ host: 'a', protocol: 'rediss' })).to.deep.equal(NONE);
    expect(await tlsOf({ host: 'a', tls: { servername: 'b' } })).to.deep.equal({ ...NONE, servername: 'b' });
    expect(await tlsOf({ host: 'a', tls: true })).to.be.frozen;
  });

  it('takes PEM text', async () => {
    const tls = await tlsOf({
      host: 'a',
      tls: { ca: pem('TRUSTED CERTIFICATE'), cert: pem('CERTIFICATE'), key: pem('RSA PRIVATE KEY') },
    });
    expect(tls?.ca).to.equal(pem('TRUSTED CERTIFICATE'));
    expect(tls?.cert).to.equal(pem('CERTIFICATE'));
    expect(tls?.key?.reveal()).to.equal(pem('RSA PRIVATE KEY'));
  });

  it('takes the paths of PEM files', async () => {
    await writeFile(join(folder, 'CA'), pem('TRUSTED CERTIFICATE'));
    await writeFile(join(folder, 'CERT'), pem('CERTIFICATE'));
    await writeFile(join(folder, 'KEY'), pem('RSA PRIVATE KEY'));
    const [ca, cert, key] = [` ${join(folder, 'CA')} `, join(folder, 'CERT'), join(folder, 'KEY')];
    const tls = await tlsOf({ host: 'a', tls: { ca, cert, key } });
    expect(tls?.ca).to.equal(pem('TRUSTED CERTIFICATE'));
    expect(tls?.cert).to.equal(pem('CERTIFICATE'));
    expect(tls?.key?.reveal()).to.equal(pem('RSA PRIVATE KEY'));
  });

  it('takes certificates and keys apart where they stand in one text, and keeps all of a chain', async () => {
    const all = pem('PRIVATE KEY') + pem('CERTIFICATE') + pem('CERTIFICATE');
    const tls = await tlsOf({ host: 'a', tls: { ca: all, cert: all, key: all } });
    expect(tls?.ca).to.equal(pem('CERTIFICATE') + pem('CERTIFICATE'));
    expect(tls?.cert).to.equal(pem('CERTIFICATE') + pem('CERTIFICATE'));
    expect(tls?.key?.reveal()).to.equal(pem('PRIVATE KEY'));
  });

  const bad: [title: string, connection: Record<string, unknown>, message: string][] = [
    ['false with a rediss uri', { uri: 'rediss://a', tls: false }, "connection.tls is 'false': true beside rediss"],
    ['false with protocol rediss', { host: 'a', protocol: 'rediss', tls: false }, "connection.tls is 'false'"],
    ['neither true nor false', { host: 'a', tls: 'maybe' }, "connection.tls is 'maybe': true or false"],
    ['a key where true belongs', { host: 'a', tls: pem('hunter2') }, "connection.tls is '***': true or false"],
    ['an empty section', { host: 'a', tls: {} }, "connection.tls is ''"],
    ['a unix socket', { uri: 'unix:///a', tls: true }, 'connection.tls has no use on a unix socket'],
    [
      'a certificate without key',
      { host: 'a', tls: { cert: pem('CERTIFICATE') } },
      'connection.tls needs both cert and key',
    ],
    [
      'a key without certificate',
      { host: 'a', tls: { key: '-----BEGIN hunter2-----' } },
      'connection.tls needs both cert and key',
    ],
    ['a blank ca', { host: 'a', tls: { ca: '' } }, "connection.tls.ca is ''"],
    ['a blank servername', { host: 'a', tls: { servername: ' ' } }, "connection.tls.servername is ''"],
    [
      'a ca that is no file',
      { host: 'a', tls: { ca: '/nowhere/ca' } },
      'connection.tls.ca is neither PEM text nor a file that can be read (ENOENT)',
    ],
    [
      'a cert that is no file',
      { host: 'a', tls: { cert: '/nowhere', key: pem('PRIVATE KEY') } },
      'connection.tls.cert is neither',
    ],
    [
      'a key that is no file',
      { host: 'a', tls: { cert: pem('CERTIFICATE'), key: 'hunter2' } },
      'connection.tls.key is neither',
    ],
    [
      'a folder',
      { host: 'a', tls: { ca: tmpdir() } },
      'connection.tls.ca is neither PEM text nor a file that can be read (EISDIR)',
    ],
    [
      'a key as ca',
      { host: 'a', tls: { ca: pem('PRIVATE KEY') } },
      'connection.tls.ca holds no certificate in PEM form',
    ],
    [
      'a certificate as key',
      { host: 'a', tls: { cert: pem('CERTIFICATE'), key: pem('CERTIFICATE') } },
      'connection.tls.key holds no private key in PEM form',
    ],
    [
      'a file without PEM',
      { host: 'a', tls: { ca: __filename.replace('tls.spec', 'refusal') } },
      'connection.tls.ca holds no certificate in PEM form',
    ],
  ];
  for (const [title, connection, message] of bad) {
    it(`refuses ${title}`, async () => {
      const refusal = await refusalOf(() => tlsOf(connection));
      expect(refusal.code).to.equal('BAD_CONNECTION');
      expect(refusal.message).to.include(message);
      expect(refusal.message).not.to.include('hunter2');
    });
  }
});

import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { parseConfig } from '../../../lib/config/LockConfig';
import type { TlsSettings } from '../../../lib/config/TlsSettings';
import { resolveMasters } from '../../../lib/config/resolveMasters';
import { refusalOf } from './refusal';

const pem = (what: string, body = 'AAAA'): string => `-----BEGIN ${what}-----\n${body}\n-----END ${what}-----\n`;
const fileOf = (name: string): string =>
  readFileSync(join(__dirname, '..', '..', 'fault', 'tls', 'certificates', name), 'utf8');

const [CA, CERT, KEY] = [fileOf('authority.crt'), fileOf('client.crt'), fileOf('client.key')];
/** The same key and the same certificate, written in another way. */
const KEY_PKCS8 = String(createPrivateKey(KEY).export({ type: 'pkcs8', format: 'pem' }));
const TRUSTED_CA = CA.replaceAll('CERTIFICATE', 'TRUSTED CERTIFICATE');
const OTHER_KEY = fileOf('server.key');
const [ENCRYPTED_KEY = '', ENCRYPTED_SEC1_KEY = ''] = (['pkcs8', 'sec1'] as const).map((type) =>
  String(createPrivateKey(KEY).export({ type, format: 'pem', cipher: 'aes-256-cbc', passphrase: 'hunter2' })),
);
const [WEAK_CERT, WEAK_KEY] = [fileOf('weak.crt'), fileOf('weak.key')];
const RSA_KEY = String(
  generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs1', format: 'pem' }),
);
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
    for (const tls of ['', ' ', null, undefined]) expect(await tlsOf({ host: 'a', tls })).to.equal(null);
    expect(await tlsOf({ host: 'a', tls: false, 'tls.servername': 'b' })).to.equal(null);
  });

  it('is on with true, with rediss, and with any setting of its own', async () => {
    expect(await tlsOf({ host: 'a', tls: true })).to.deep.equal(NONE);
    expect(await tlsOf({ uri: 'redis://a', tls: 'yes' })).to.deep.equal(NONE);
    expect(await tlsOf({ uri: 'rediss://a' })).to.deep.equal(NONE);
    expect(await tlsOf({ host: 'a', protocol: 'rediss' })).to.deep.equal(NONE);
    expect(await tlsOf({ host: 'a', tls: { servername: 'b' } })).to.deep.equal({ ...NONE, servername: 'b' });
    // Whoever writes the section wants it, whatever was set.
    expect(await tlsOf({ host: 'a', tls: {} })).to.deep.equal(NONE);
    expect(await tlsOf({ uri: 'redis://a', tls: {} })).to.deep.equal(NONE);
    expect(await tlsOf({ host: 'a', tls: { ca: '', cert: null, key: undefined, servername: ' ' } })).to.deep.equal(
      NONE,
    );
    expect(await tlsOf({ host: 'a', tls: true })).to.be.frozen;
  });

  it('takes PEM text', async () => {
    const tls = await tlsOf({
      host: 'a',
      tls: { ca: TRUSTED_CA, cert: CERT, key: KEY },
    });
    expect(tls?.ca).to.equal(TRUSTED_CA);
    expect(tls?.cert).to.equal(CERT);
    expect(tls?.key?.reveal()).to.equal(KEY).and.to.include('BEGIN EC PRIVATE KEY');
  });

  it('takes the paths of PEM files', async () => {
    await writeFile(join(folder, 'CA'), TRUSTED_CA);
    await writeFile(join(folder, 'CERT'), CERT);
    await writeFile(join(folder, 'KEY'), KEY);
    const [ca, cert, key] = [` ${join(folder, 'CA')} `, join(folder, 'CERT'), join(folder, 'KEY')];
    const tls = await tlsOf({ host: 'a', tls: { ca, cert, key } });
    expect(tls?.ca).to.equal(TRUSTED_CA);
    expect(tls?.cert).to.equal(CERT);
    expect(tls?.key?.reveal()).to.equal(KEY);
  });

  it('takes certificates and keys apart where they stand in one text, and keeps all of a chain', async () => {
    const all = KEY_PKCS8 + CERT + CA;
    const tls = await tlsOf({ host: 'a', tls: { ca: all, cert: all, key: all } });
    expect(tls?.ca).to.equal(CERT + CA);
    expect(tls?.cert).to.equal(CERT + CA);
    expect(tls?.key?.reveal()).to.equal(KEY_PKCS8);
  });

  const bad: [title: string, connection: Record<string, unknown>, message: string][] = [
    ['false with a rediss uri', { uri: 'rediss://a', tls: false }, "connection.tls is 'false': true beside rediss"],
    ['false with protocol rediss', { host: 'a', protocol: 'rediss', tls: false }, "connection.tls is 'false'"],
    ['neither true nor false', { host: 'a', tls: 'maybe' }, "connection.tls is 'maybe': true or false"],
    ['a key where true belongs', { host: 'a', tls: pem('hunter2') }, "connection.tls is '***': true or false"],
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
    ['a key beside a blank cert', { host: 'a', tls: { cert: '', key: KEY } }, 'connection.tls needs both cert and key'],
    [
      'a ca that is no file',
      { host: 'a', tls: { ca: '/nowhere/ca' } },
      'connection.tls.ca is neither PEM text nor a file that can be read (ENOENT)',
    ],
    ['a cert that is no file', { host: 'a', tls: { cert: '/nowhere', key: KEY } }, 'connection.tls.cert is neither'],
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
      { host: 'a', tls: { cert: CERT, key: CERT } },
      'connection.tls.key holds no private key in PEM form',
    ],
    [
      'a ca that only looks like one',
      { host: 'a', tls: { ca: pem('CERTIFICATE') } },
      'connection.tls.ca holds a certificate that cannot be read (',
    ],
    // OpenSSL leaves out what comes after it, and says nothing.
    [
      'a ca that only looks like one, among others',
      { host: 'a', tls: { ca: CA + pem('CERTIFICATE') + CERT } },
      'connection.tls.ca holds a certificate that cannot be read (',
    ],
    [
      'a cert that only looks like one',
      { host: 'a', tls: { cert: pem('CERTIFICATE', 'hunter2 in no base64!'), key: KEY } },
      'connection.tls.cert holds a certificate that cannot be read (',
    ],
    [
      'a key that only looks like one',
      { host: 'a', tls: { cert: CERT, key: pem('PRIVATE KEY', 'hunter2A') } },
      'connection.tls.key holds a private key that cannot be read (',
    ],
    [
      'a key that asks for a passphrase',
      { host: 'a', tls: { cert: CERT, key: ENCRYPTED_KEY } },
      'connection.tls.key asks for a passphrase, and there is none',
    ],
    [
      'a key that asks for a passphrase, in the old form',
      { host: 'a', tls: { cert: CERT, key: ENCRYPTED_SEC1_KEY } },
      'connection.tls.key asks for a passphrase, and there is none',
    ],
    [
      'the key of another certificate',
      { host: 'a', tls: { cert: CERT, key: OTHER_KEY } },
      'connection.tls has a cert and a key that do not belong together',
    ],
    // Of another kind than the certificate's own, it would be passed over until a master asks for it.
    [
      'a key of another kind than that of the certificate',
      { host: 'a', tls: { cert: CERT, key: RSA_KEY } },
      'connection.tls has a cert and a key that do not belong together',
    ],
    [
      'a certificate that TLS would not show',
      { host: 'a', tls: { cert: WEAK_CERT, key: WEAK_KEY } },
      'connection.tls cannot be used (',
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
      for (const key of [KEY, OTHER_KEY, ENCRYPTED_KEY, RSA_KEY]) {
        for (const line of key.split('\n').filter((each) => each !== '')) {
          expect(inspect(refusal, { depth: 20, showHidden: true })).not.to.include(line);
        }
      }
    });
  }
});

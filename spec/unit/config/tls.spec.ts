import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect } from 'chai';
import { parseConfig } from '../../../lib/config/LockConfig';
import type { TlsSettings } from '../../../lib/config/TlsSettings';
import { ConfigParams } from '../../../lib/contract/ConfigParams';
import { Descriptor } from '../../../lib/contract/Descriptor';
import { References } from '../../../lib/contract/References';
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
const NONE = { ca: null, cert: null, key: null, servername: null, rejectUnauthorized: true };

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

  const asking: [title: string, connection: Record<string, unknown>][] = [
    ['ssl', { ssl: true }],
    ['ssl as a text', { ssl: 'TRUE' }],
    ['an empty ssl section', { ssl: {} }],
    ['a blank ssl section', { ssl: { ca: '' } }],
    ['secure', { secure: 'yes' }],
    ['use_tls', { use_tls: 1 }],
    ['useSsl', { useSsl: true }],
    ['tls.enabled', { tls: { enabled: true } }],
    ['protocol tls', { protocol: 'tls' }],
    ['protocol SSL', { protocol: 'SSL' }],
    ['a flag that says so beside another', { tls: true, ssl: true, protocol: 'rediss' }],
  ];
  for (const [title, connection] of asking) {
    it(`is on with ${title}`, async () => {
      expect(await tlsOf({ host: 'a', ...connection })).to.deep.equal(NONE);
      const topLevel = { host: 'a', ...connection };
      expect((await resolveMasters(null, parseConfig(topLevel), null))[0]?.tls).to.deep.equal(NONE);
      expect(parseConfig({ connections: [topLevel] }).warnings).to.deep.equal([]);
      expect(parseConfig(topLevel).warnings).to.deep.equal([]);
    });
  }

  it('is off with a no, however it is spelled', async () => {
    const no = { ssl: false, secure: 'no', useTls: 0, 'tls.enabled': 'false', encryption: 'none', sslmode: 'disable' };
    expect(await tlsOf({ host: 'a', ...no })).to.equal(null);
  });

  it('reads the settings of ssl as those of tls', async () => {
    const tls = await tlsOf({ host: 'a', ssl: { ca: CA, cert: CERT, key: KEY, servername: 'b' } });
    expect(tls).to.deep.include({ ca: CA, cert: CERT, servername: 'b' });
    expect(tls?.key?.reveal()).to.equal(KEY);
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

  const lines = (text: string): string => text.replaceAll('\n', '\\n');
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const forms: [title: string, form: (text: string) => unknown][] = [
    ['a Buffer', (text) => Buffer.from(text)],
    ['a Uint8Array', (text) => new TextEncoder().encode(text)],
    ['a Buffer as JSON', (text) => JSON.parse(JSON.stringify(Buffer.from(text))) as unknown],
    ['the bytes of a Buffer, as parameters of Pip.Services have them', (text) => ({ ...Buffer.from(text) })],
    ['a list of one', (text) => [text]],
    ['a list of one Buffer', (text) => [Buffer.from(text)]],
    ['a list of one and a blank', (text) => [text, '']],
    ['a text with \\n written out', lines],
    ['a text with \\n written out, in quotes', (text) => `"${lines(text)}"`],
    ['a text with \\r\\n written out', (text) => text.replaceAll('\n', '\\r\\n')],
    ['a text whose line breaks have become spaces', (text) => text.replaceAll('\n', ' ')],
    ['base64', base64],
    ['base64 in lines', (text) => base64(text).replace(/.{76}/g, '$&\n')],
    ['a list of base64', (text) => [base64(text)]],
  ];
  for (const [title, form] of forms) {
    it(`takes ${title}, without a warning`, async () => {
      const connection = { host: 'a', tls: { ca: form(CA), cert: form(CERT), key: form(KEY) } };
      const tls = await tlsOf(connection);
      expect([tls?.ca, tls?.cert, tls?.key?.reveal()]).to.deep.equal([CA, CERT, KEY]);
      expect(parseConfig({ connection }).warnings).to.deep.equal([]);
    });
  }

  it('takes a list of authorities, in each form', async () => {
    await writeFile(join(folder, 'LISTED'), CA);
    const ca = [CERT, Buffer.from(CA), base64(CERT), join(folder, 'LISTED')];
    expect((await tlsOf({ host: 'a', tls: { ca } }))?.ca).to.equal(CERT + CA + CERT + CA);
  });

  it('takes a key with its passphrase', async () => {
    for (const key of [ENCRYPTED_KEY, ENCRYPTED_SEC1_KEY, lines(ENCRYPTED_SEC1_KEY)]) {
      const tls = await tlsOf({ host: 'a', tls: { cert: CERT, key, passphrase: 'hunter2' } });
      expect(tls?.key?.reveal()).to.equal(KEY_PKCS8);
    }
  });

  it('takes any certificate where it is told to, and warns of it', async () => {
    const no = 'has no verification of certificates: anybody can stand in for the master and read the password';
    for (const key of ['reject_unauthorized', 'rejectUnauthorized']) {
      const connection = { host: 'a', tls: { [key]: false } };
      expect(await tlsOf(connection)).to.deep.equal({ ...NONE, rejectUnauthorized: false });
      expect(parseConfig({ connection }).warnings).to.deep.equal([`connection.tls ${no}`]);
      expect(await tlsOf({ host: 'a', tls: { [key]: true } })).to.deep.equal(NONE);
    }
    const { warnings } = parseConfig({ connections: { x: { discovery_key: 'k', ssl: { rejectUnauthorized: 'no' } } } });
    expect(warnings).to.deep.equal([`connections.x.ssl ${no}`]);
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
    [
      'a flag and its contrary',
      { host: 'a', tls: false, ssl: true },
      'connection.ssl says the contrary of connection.tls',
    ],
    ['ssl false with a rediss uri', { uri: 'rediss://a', ssl: false }, "connection.ssl is 'false': true beside rediss"],
    ['two sections', { host: 'a', tls: { ca: CA }, ssl: { ca: CA } }, 'connection.ssl stands beside connection.tls'],
    ...(
      [
        [{ tls_enabled: true }, 'tls_enabled'],
        [{ ssl_ca_certs: '/ca' }, 'ssl_ca_certs'],
        [{ sslmode: 'require' }, 'sslmode'],
        [{ encryption: 'on' }, 'encryption'],
        [{ startTLS: true }, 'startTLS'],
        [{ rejectUnauthorized: true }, 'rejectUnauthorized'],
        [{ socket: { tls: true } }, 'socket.tls'],
        [{ tls: false, enableTLSForSentinelMode: true }, 'enableTLSForSentinelMode'],
      ] as const
    ).map(([connection, key]): [string, Record<string, unknown>, string] => [
      `${key}, which nothing reads`,
      { host: 'a', ...connection },
      `connection.${key} asks for encryption and no connection reads it: write connection.tls: true`,
    ]),
    [
      'several keys',
      { host: 'a', tls: { cert: CERT, key: [KEY, OTHER_KEY] } },
      'connection.tls.key lists several keys: one is needed',
    ],
    ['a section as ca', { host: 'a', tls: { ca: { pem: 'hunter2' } } }, 'connection.tls.ca is no PEM text'],
    [
      'a wrong passphrase',
      { host: 'a', tls: { cert: CERT, key: ENCRYPTED_KEY, passphrase: 'guess' } },
      'connection.tls.key cannot be opened with its passphrase (',
    ],
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
      'connection.tls.ca is neither PEM text, nor base64 of it, nor a file that can be read (ENOENT)',
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
      'connection.tls.ca is neither PEM text, nor base64 of it, nor a file that can be read (EISDIR)',
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
      'connection.tls.key asks for a passphrase, and there is none: write connection.tls.passphrase',
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

  const astray: [source: Record<string, unknown>, key: string, instead: string][] = [
    [{ tls: true, connections: [{ host: 'a' }] }, 'tls', 'connections.0.tls: true'],
    [{ tls: { ca: CA }, connections: 'redis://a' }, 'tls.ca', 'connections.0.tls.ca'],
    [{ ssl: true, connection: { host: 'a' } }, 'ssl', 'connection.tls: true'],
    [{ protocol: 'rediss', connection: { host: 'a' } }, 'protocol', 'connection.tls: true'],
    [{ options: { tls: true }, host: 'a' }, 'options.tls', 'tls: true'],
    [{ credential: { password: 'p', use_ssl: true }, host: 'a' }, 'credential.use_ssl', 'tls: true'],
    [
      { connection: { host: 'a', tls: true }, connections: [{ host: 'b' }] },
      'connection.tls',
      'connections.0.tls: true',
    ],
  ];
  for (const [source, key, instead] of astray) {
    it(`refuses ${key} where no connection reads it`, async () => {
      const refusal = await refusalOf(() => parseConfig(source));
      expect(refusal.code).to.equal('BAD_CONNECTION');
      expect(refusal.message).to.equal(
        `${key} asks for encryption and no connection reads it: write ${instead}, and the same in every connection`,
      );
    });
  }

  it('takes no other word for encryption', () => {
    const settings = { access_log: true, processLabel: 'a', cross_slot: 'yes', insecure: true, security_group: 'b' };
    const { connections, warnings } = parseConfig({ connections: [{ host: 'a', ...settings }], ...settings });
    expect(connections[0]).to.have.nested.property('endpoint.tls', null);
    expect(warnings).to.have.length(10);
  });

  it('takes no name for a setting', async () => {
    const source = {
      connections: { 'tls-a': { host: 'a' }, ssl: 'redis://b' },
      credentials: { 'tls-a': { password: 'p' }, ssl: { password: 'p' } },
      options: { key_prefix: 'tls:' },
    };
    const masters = await resolveMasters(null, parseConfig(source), null);
    expect(masters.map(({ tls }) => tls)).to.deep.equal([null, null]);
  });

  it('hears what discovery asks for, and takes no certificate of anybody from it', async () => {
    const resolve = (found: object, connection: object): ReturnType<typeof resolveMasters> =>
      resolveMasters(
        null,
        parseConfig({ connection: { discovery_key: 'k', ...connection } }),
        References.fromTuples(new Descriptor('app', 'discovery', 'memory', 'd', '1.0'), {
          resolveAll: async () => [ConfigParams.fromValue(found)],
        }),
      );
    expect((await resolve({ host: 'a', ssl: true }, {}))[0]?.tls).to.deep.equal(NONE);
    expect((await refusalOf(() => resolve({ host: 'a', sslmode: 'require' }, {}))).message).to.include(
      'sslmode asks for',
    );
    const unverified = { host: 'a', tls: { rejectUnauthorized: false } };
    expect((await refusalOf(() => resolve(unverified, {}))).message).to.include('the configuration decides');
    const own = { tls: { reject_unauthorized: false } };
    expect((await resolve(unverified, own))[0]?.tls?.rejectUnauthorized).to.equal(false);
  });
});

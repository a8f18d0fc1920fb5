import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { Secret } from './Secret';
import type { Section } from './Section';
import { pemIn, readPems, unfold } from './pem';
import { badConnection } from './refusals';

/** How a connection is encrypted; what is `null` is the platform's default. */
export interface TlsSettings {
  /** PEM text of the authorities that are trusted. */
  readonly ca: string | null;
  /** PEM text of the client's certificate. */
  readonly cert: string | null;
  /** PEM text of the client's private key. */
  readonly key: Secret | null;
  /** The name that the master's certificate must carry, where it is not the host. */
  readonly servername: string | null;
  /** Whether a certificate is refused that no authority has signed, or that carries another name. */
  readonly rejectUnauthorized: boolean;
}

/**
 * The same before its files are read: each is PEM text, as it is or in base64, or the path of a file. All of it is kept from print, since a
 * private key often stands in one text with its certificate, or is pasted into the wrong setting.
 */
export interface TlsSources {
  /** The dotted key of the section, for messages. */
  readonly path: string;
  readonly ca: readonly Secret[];
  readonly cert: readonly Secret[];
  readonly key: readonly Secret[];
  readonly passphrase: Secret | null;
  readonly servername: string | null;
  readonly rejectUnauthorized: boolean;
}

/** The keys that are read under a connection's `tls`. */
export const TLS_KEYS: readonly string[] = [
  'ca',
  'cert',
  'key',
  'passphrase',
  'servername',
  'reject_unauthorized',
  'rejectUnauthorized',
];

/** What a PEM text is searched for. */
interface PemKind {
  readonly name: string;
  readonly blocks: RegExp;
  /** @throws Error of OpenSSL where the block cannot be read */
  readonly parse: (block: string) => unknown;
}

const CERTIFICATE: PemKind = {
  name: 'certificate',
  blocks: /-----BEGIN ([A-Z0-9 ]*CERTIFICATE)-----.*?-----END \1-----/gs,
  parse: (block) => new X509Certificate(block),
};
const PRIVATE_KEY: PemKind = {
  name: 'private key',
  blocks: /-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----.*?-----END \1-----/gs,
  parse: (block) => createPrivateKey(block),
};

const ENCRYPTED = /^(?:-----BEGIN ENCRYPTED |Proc-Type: 4,ENCRYPTED)/m;

/**
 * Reads the `tls` section of a connection.
 *
 * @throws ConfigException BAD_CONNECTION for a certificate without its key, or a key without its certificate
 */
export function readTls(section: Section): TlsSources {
  const [ca, cert, key] = [readPems(section, 'ca'), readPems(section, 'cert'), readPems(section, 'key')];
  if ((cert.length === 0) !== (key.length === 0)) {
    throw badConnection(section.path, 'needs both cert and key, or neither');
  }
  if (key.length > 1) throw badConnection(section.keyOf('key'), 'lists several keys: one is needed');
  const verification = [section.flag('reject_unauthorized'), section.flag('rejectUnauthorized')];
  const [isOff, isOn] = [verification.includes(false), verification.includes(true)];
  return Object.freeze({
    path: section.path,
    ca,
    cert,
    key,
    passphrase: section.secret('passphrase'),
    servername: section.text('servername'),
    rejectUnauthorized: !(isOff && !isOn),
  });
}

/** Whether any certificate is taken, whoever has signed it. */
export function isUnverified(tls: TlsSources | null): boolean {
  return tls !== null && !tls.rejectUnauthorized;
}

/**
 * Reads the files that the settings name, and tries what is in them: a socket would only find out once it is connected,
 * and then each time anew.
 *
 * @throws ConfigException BAD_CONNECTION when a file cannot be read, holds no PEM of the kind that is needed, or one
 *   that TLS cannot use
 */
export async function loadTls(sources: TlsSources): Promise<TlsSettings> {
  const { path, servername, rejectUnauthorized } = sources;
  const key = decrypt(`${path}.key`, await loadPem(`${path}.key`, sources.key, PRIVATE_KEY), sources.passphrase);
  const ca = await loadPem(`${path}.ca`, sources.ca, CERTIFICATE);
  const cert = await loadPem(`${path}.cert`, sources.cert, CERTIFICATE);
  if (cert !== null && key !== null) {
    // TLS keeps one key for each kind of certificate, and would pass over one of another kind until it is asked for it.
    const isPair = new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
    if (!isPair) throw badConnection(path, 'has a cert and a key that do not belong together');
  }
  attempt(path, 'cannot be used', () =>
    createSecureContext({ ...(ca !== null && { ca }), ...(cert !== null && { cert }), ...(key !== null && { key }) }),
  );
  return Object.freeze({ ca, cert, key: key === null ? null : new Secret(key), servername, rejectUnauthorized });
}

/** @returns the blocks of the kind asked for, of all sources, and no others. */
async function loadPem(path: string, sources: readonly Secret[], kind: PemKind): Promise<string | null> {
  const blocks: string[] = [];
  for (const source of sources) {
    const text = pemIn(source.reveal()) ?? pemIn(await readText(path, source.reveal().trim())) ?? '';
    const found = text.match(kind.blocks);
    if (found === null) throw badConnection(path, `holds no ${kind.name} in PEM form`);
    blocks.push(...found.map(unfold));
  }
  // One by one: of several authorities TLS takes those before the first that it cannot read, and says nothing.
  for (const block of blocks) {
    if (ENCRYPTED.test(block)) continue;
    attempt(path, `holds a ${kind.name} that cannot be read`, () => kind.parse(block));
  }
  return blocks.length === 0 ? null : blocks.map((block) => `${block}\n`).join('');
}

/** @returns the key without its passphrase, so that it is asked for in one place. */
function decrypt(path: string, key: string | null, passphrase: Secret | null): string | null {
  if (key === null || !ENCRYPTED.test(key)) return key;
  // OpenSSL would call it "interrupted or cancelled".
  if (passphrase === null) {
    throw badConnection(path, `asks for a passphrase, and there is none: write ${path.replace(/key$/, 'passphrase')}`);
  }
  return attempt(path, 'cannot be opened with its passphrase', () =>
    String(createPrivateKey({ key, passphrase: passphrase.reveal() }).export({ type: 'pkcs8', format: 'pem' })),
  );
}

/** The reason is given in OpenSSL's few words, never in a message or as a cause, which might quote what was read. */
function attempt<T>(path: string, problem: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { reason, code } = error as { readonly reason?: string; readonly code?: string };
    throw badConnection(path, `${problem} (${reason ?? code ?? 'unknown'})`);
  }
}

function readText(path: string, file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    // Without the file's name: a key that was pasted without its first line would be taken for one.
    throw badConnection(
      path,
      `is neither PEM text, nor base64 of it, nor a file that can be read (${error.code ?? 'unknown'})`,
    );
  });
}

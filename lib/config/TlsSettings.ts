import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { Secret } from './Secret';
import type { Section } from './Section';
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
}

/**
 * The same before its files are read: each is PEM text or the path of a file. All of it is kept from print, since a
 * private key often stands in one text with its certificate, or is pasted into the wrong setting.
 */
export interface TlsSources {
  /** The dotted key of the section, for messages. */
  readonly path: string;
  readonly ca: Secret | null;
  readonly cert: Secret | null;
  readonly key: Secret | null;
  readonly servername: string | null;
}

/** The keys that are read under a connection's `tls`. */
export const TLS_KEYS: readonly string[] = ['ca', 'cert', 'key', 'servername'];

/** What a PEM text is searched for. */
interface PemKind {
  readonly name: string;
  readonly blocks: RegExp;
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
  const [ca, cert, key] = [section.secret('ca'), section.secret('cert'), section.secret('key')];
  if ((cert === null) !== (key === null)) throw badConnection(section.path, 'needs both cert and key, or neither');
  return Object.freeze({ path: section.path, ca, cert, key, servername: section.text('servername') });
}

/**
 * Reads the files that the settings name, and tries what is in them: a socket would only find out once it is connected,
 * and then each time anew.
 *
 * @throws ConfigException BAD_CONNECTION when a file cannot be read, holds no PEM of the kind that is needed, or one
 *   that TLS cannot use
 */
export async function loadTls(sources: TlsSources): Promise<TlsSettings> {
  const { path, servername } = sources;
  const key = await loadPem(`${path}.key`, sources.key, PRIVATE_KEY);
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
  return Object.freeze({ ca, cert, key: key === null ? null : new Secret(key), servername });
}

/** @returns the blocks of the kind asked for, and no others. */
async function loadPem(path: string, source: Secret | null, kind: PemKind): Promise<string | null> {
  if (source === null) return null;
  const textOrPath = source.reveal();
  const text = textOrPath.includes('-----BEGIN ') ? textOrPath : await readText(path, textOrPath.trim());
  const found = text.match(kind.blocks);
  if (found === null) throw badConnection(path, `holds no ${kind.name} in PEM form`);
  // OpenSSL would call it "interrupted or cancelled".
  if (found.some((block) => ENCRYPTED.test(block)))
    throw badConnection(path, 'asks for a passphrase, and there is none');
  // One by one: of several authorities TLS takes those before the first that it cannot read, and says nothing.
  for (const block of found) attempt(path, `holds a ${kind.name} that cannot be read`, () => kind.parse(block));
  return found.map((block) => `${block}\n`).join('');
}

/** The reason is given in OpenSSL's few words, never in a message or as a cause, which might quote what was read. */
function attempt(path: string, problem: string, work: () => unknown): void {
  try {
    work();
  } catch (error) {
    const { reason, code } = error as { readonly reason?: string; readonly code?: string };
    throw badConnection(path, `${problem} (${reason ?? code ?? 'unknown'})`);
  }
}

function readText(path: string, file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    // Without the file's name: a key that was pasted without its first line would be taken for one.
    throw badConnection(path, `is neither PEM text nor a file that can be read (${error.code ?? 'unknown'})`);
  });
}

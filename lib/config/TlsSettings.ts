import { readFile } from 'node:fs/promises';
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

const CERTIFICATES = /-----BEGIN ([A-Z0-9 ]*CERTIFICATE)-----.*?-----END \1-----/gs;
const PRIVATE_KEYS = /-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----.*?-----END \1-----/gs;

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
 * Reads the files that the settings name.
 *
 * @throws ConfigException BAD_CONNECTION when a file cannot be read, or holds no PEM of the kind that is needed
 */
export async function loadTls(sources: TlsSources): Promise<TlsSettings> {
  const { path, ca, cert, key, servername } = sources;
  const keyPem = await loadPem(`${path}.key`, key, PRIVATE_KEYS, 'private key');
  return Object.freeze({
    ca: await loadPem(`${path}.ca`, ca, CERTIFICATES, 'certificate'),
    cert: await loadPem(`${path}.cert`, cert, CERTIFICATES, 'certificate'),
    key: keyPem === null ? null : new Secret(keyPem),
    servername,
  });
}

/** @returns the blocks of the kind asked for, and no others. */
async function loadPem(path: string, source: Secret | null, blocks: RegExp, kind: string): Promise<string | null> {
  if (source === null) return null;
  const textOrPath = source.reveal();
  const text = textOrPath.includes('-----BEGIN ') ? textOrPath : await readText(path, textOrPath.trim());
  const found = text.match(blocks);
  if (found === null) throw badConnection(path, `holds no ${kind} in PEM form`);
  return found.map((block) => `${block}\n`).join('');
}

function readText(path: string, file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    // Without the file's name: a key that was pasted without its first line would be taken for one.
    throw badConnection(path, `is neither PEM text nor a file that can be read (${error.code ?? 'unknown'})`);
  });
}

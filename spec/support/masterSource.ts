import { installServer } from './installServer';
import { ComposeMaster } from './ComposeMaster';
import { findServerBinary } from './serverBinary';

/** Where the masters of this run come from. */
export type MasterSource =
  | { readonly kind: 'given'; readonly uris: readonly string[] }
  | { readonly kind: 'process'; readonly binary: string }
  | { readonly kind: 'compose' };

/** What the choice asks of the machine, in the order in which it asks. */
export interface SourceProbes {
  /** The value of REDIS_MASTERS. */
  givenMasters(): string | undefined;
  /** The path of a server on the PATH, null where there is none. */
  findServer(): string | null;
  /** Whether Docker Compose is there and an engine answers it. */
  composeAnswers(): Promise<boolean>;
  /** Installs a server and returns its path; null where this is not Debian or Ubuntu, or the right to do so is missing. */
  installServer(): Promise<string | null>;
}

/** There is no way to find Redis masters on this machine. */
export class NoMastersError extends Error {
  readonly code = 'NO_MASTERS';

  constructor(cause?: unknown) {
    super(
      'No Redis masters to test against. Any one of these four gives some: ' +
        '(1) REDIS_MASTERS=redis://host:port,... with masters whose data may be erased; ' +
        '(2) redis-server or valkey-server on the PATH; ' +
        '(3) Docker Compose with an engine that answers; ' +
        '(4) Debian or Ubuntu as root or with sudo without a password, where redis-server is then installed by apt-get.',
      { cause },
    );
  }
}

/**
 * Takes the first way that fits: masters that were given, a server on this machine, containers, a server to install.
 *
 * @throws NoMastersError when none does, with the error of a failed installation as its cause
 */
export async function chooseMasterSource(probes: SourceProbes = machine): Promise<MasterSource> {
  const uris = (probes.givenMasters() ?? '').split(/[\s,]+/).filter((uri) => uri !== '');
  if (uris.length > 0) return { kind: 'given', uris };
  const binary = probes.findServer();
  if (binary !== null) return { kind: 'process', binary };
  if (await probes.composeAnswers()) return { kind: 'compose' };
  return { kind: 'process', binary: await installed(probes) };
}

/** A server to run as a process whatever the source of masters is: the one on the PATH, else one that is installed. */
export async function serverBinary(
  probes: Pick<SourceProbes, 'findServer' | 'installServer'> = machine,
): Promise<string> {
  return probes.findServer() ?? (await installed(probes));
}

async function installed(probes: Pick<SourceProbes, 'installServer'>): Promise<string> {
  let binary: string | null;
  try {
    binary = await probes.installServer();
  } catch (error) {
    throw new NoMastersError(error);
  }
  if (binary === null) throw new NoMastersError();
  return binary;
}

const machine: SourceProbes = {
  givenMasters: () => process.env['REDIS_MASTERS'],
  findServer: findServerBinary,
  composeAnswers: () => ComposeMaster.answers(),
  installServer,
};

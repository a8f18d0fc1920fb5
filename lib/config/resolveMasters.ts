import { ConfigException } from 'pip-services4-commons-node';
import { type ContextLike, type IContext, contextOf } from '../contract/Context';
import { Descriptor } from '../contract/Descriptor';
import type { ConfigSource } from '../contract/ConfigParams';
import { ErrorCode } from '../contract/ErrorCode';
import type { IReferences } from '../contract/References';
import type { ICredentialStore, IDiscovery } from '../contract/connect';
import { type Connection, type Endpoint, readEndpoint } from './Connection';
import type { LockConfig } from './LockConfig';
import { type Credential, type Logins, type StoredCredential, chooseLogin, readLogins } from './Login';
import { type MasterEndpoint, addressOf, isSameTarget } from './MasterEndpoint';
import { Section } from './Section';
import { answeredWithin } from './answeredWithin';
import { isUnverified, loadTls } from './TlsSettings';
import { badConnection } from './refusals';

/** A master whose connection is known, and not yet who logs in. */
interface Located {
  readonly name: string;
  /** Where its connection stands in the configuration. */
  readonly path: string;
  /** The name that its credential must have, where there are several. */
  readonly connectionName: string;
  readonly endpoint: Endpoint;
}

interface NamedLogins extends Logins {
  readonly name: string;
  /** Asks the credential store anew; `null` where there is none. */
  readonly lookUpAgain: (() => Promise<Logins>) | null;
}

/** Where discovery and credential stores are found, and what they are handed. */
interface Directory {
  readonly context: IContext;
  readonly references: IReferences | null;
  readonly providers: LockConfig['providers'];
  /** How long each of them has to answer. */
  readonly patienceMs: number;
  /** Nobody waits for an answer any more. */
  readonly signal: AbortSignal | null;
}

/** A discovery or a credential store that answers within so many ms is waited for, however short `connect_timeout` is. */
const LEAST_PATIENCE_MS = 10_000;

/**
 * Finds every master of the configuration: asks discovery and credential stores, reads certificates, and gives each
 * master the login that belongs to it and to no other. An error that a discovery or a store throws passes through as it
 * is.
 *
 * @param context - handed on to discovery and stores
 * @param references - where discovery and stores are found; `null` where there are none
 * @param signal - ends the wait for them
 * @throws ConfigException NO_CONNECTION, BAD_CONNECTION or DUPLICATE_MASTER; BAD_CONNECTION also where one of them has
 *   not answered within 10 s, or within `connect_timeout` where that is longer
 */
export async function resolveMasters(
  context: ContextLike,
  config: LockConfig,
  references: IReferences | null,
  signal: AbortSignal | null = null,
): Promise<readonly MasterEndpoint[]> {
  const { providers, options } = config;
  const patienceMs = Math.max(options.connectTimeoutMs, LEAST_PATIENCE_MS);
  const directory: Directory = { context: contextOf(context), references, providers, patienceMs, signal };
  if (config.connections.length === 0) {
    const message =
      'No connection is configured: connections (or connection) needs a host, a uri, sentinels or a discovery_key';
    throw new ConfigException(undefined, ErrorCode.NO_CONNECTION, [message, ...config.misspelt].join('. '));
  }
  const located: Located[] = [];
  for (const connection of config.connections) located.push(...(await locate(connection, directory)));
  refuseDuplicates(located);
  const logins: NamedLogins[] = [];
  for (const credential of config.credentials) logins.push(await lookUp(credential, directory));
  const masters: MasterEndpoint[] = [];
  for (const master of located) masters.push(await complete(master, logins));
  return Object.freeze(masters);
}

/** One master for a connection that describes it, one for each answer where discovery knows it. */
async function locate(
  connection: Connection,
  { context, references, patienceMs, signal }: Directory,
): Promise<readonly Located[]> {
  const { name, path } = connection;
  if (connection.kind === 'endpoint') return [{ name, path, connectionName: name, endpoint: connection.endpoint }];
  const { discoveryKey, section } = connection;
  const discoveries = references?.getOptional<IDiscovery>(new Descriptor('*', 'discovery', '*', '*', '*')) ?? [];
  if (discoveries.length === 0)
    throw unresolved(path, 'discovery_key', discoveryKey, 'no discovery is in the references');
  const endpoints: Endpoint[] = [];
  for (const discovery of discoveries) {
    const asked = discovery.resolveAll(context, discoveryKey);
    const answers =
      (await answeredWithin(asked, patienceMs, signal, () =>
        unresolved(path, 'discovery_key', discoveryKey, `discovery has not answered within ${patienceMs} ms`),
      )) ?? [];
    if (!Array.isArray(answers))
      throw unresolved(path, 'discovery_key', discoveryKey, 'discovery has not answered a list');
    for (const answer of answers.filter((each) => each !== null)) {
      const found = Section.of(answer, path, ErrorCode.BAD_CONNECTION);
      const endpoint = readEndpoint(section.overlaidWith(found));
      if (isUnverified(endpoint.tls) && !isUnverified(connection.tls)) {
        throw badConnection(
          `${path}.tls`,
          'is without verification in what discovery found: the configuration decides',
        );
      }
      endpoints.push(endpoint);
    }
  }
  if (endpoints.length === 0) throw unresolved(path, 'discovery_key', discoveryKey, 'no discovery knows it');
  const nameOf = (at: number): string => (endpoints.length === 1 ? name : `${name}.${at}`);
  return endpoints.map((endpoint, at) => ({ name: nameOf(at), path, connectionName: name, endpoint }));
}

async function lookUp(credential: Credential, directory: Directory): Promise<NamedLogins> {
  if (credential.kind === 'given') return { ...credential, lookUpAgain: null };
  // Whoever asks again goes on meanwhile, and outlives the `open` that the signal belongs to.
  const lookUpAgain = (): Promise<Logins> =>
    lookUpStored(credential, { ...directory, patienceMs: Infinity, signal: null });
  return { name: credential.name, ...(await lookUpStored(credential, directory)), lookUpAgain };
}

async function lookUpStored(credential: StoredCredential, directory: Directory): Promise<Logins> {
  const { storeKey, section } = credential;
  const answer = await storedUnder(credential, directory);
  const logins = readLogins(section.overlaidWith(Section.of(answer, section.path, ErrorCode.BAD_CONNECTION)));
  if (logins === null) throw unresolved(section.path, 'store_key', storeKey, 'what is stored has no password');
  return logins;
}

async function storedUnder(
  { storeKey, section }: StoredCredential,
  { context, references, providers, patienceMs, signal }: Directory,
): Promise<ConfigSource> {
  const provider = providers.get(storeKey);
  if (provider !== undefined) {
    return answeredWithin(provider(), patienceMs, signal, () =>
      badConnection(storeKey, `is a function that has not answered within ${patienceMs} ms`),
    );
  }
  const stores =
    references?.getOptional<ICredentialStore>(new Descriptor('*', 'credential-store', '*', '*', '*')) ?? [];
  if (stores.length === 0)
    throw unresolved(section.path, 'store_key', storeKey, 'no credential store is in the references');
  for (const store of stores) {
    const answer = await answeredWithin(store.lookup(context, storeKey), patienceMs, signal, () =>
      unresolved(section.path, 'store_key', storeKey, `the credential store has not answered within ${patienceMs} ms`),
    );
    if (answer !== null && answer !== undefined) return answer;
  }
  throw unresolved(section.path, 'store_key', storeKey, 'no credential store knows it');
}

async function complete(master: Located, credentials: readonly NamedLogins[]): Promise<MasterEndpoint> {
  const { target, db, logins, sentinelLogin, tls } = master.endpoint;
  const ofItsOwn = logins.some((login) => login.password !== null);
  const only = credentials.length === 1 ? credentials[0] : undefined;
  const credential = only ?? credentials.find(({ name }) => name === master.connectionName);
  if (credential === undefined && credentials.length > 1 && !ofItsOwn) {
    const names = credentials.map(({ name }) => name).join(', ');
    throw badConnection(master.path, `is left without a credential: the credentials are named ${names}`);
  }
  const choose = (from?: Logins): Logins => ({
    login: chooseLogin(from === undefined ? logins : [...logins, from.login], master.path),
    sentinelLogin: chooseLogin(from === undefined ? [sentinelLogin] : [sentinelLogin, from.sentinelLogin], master.path),
  });
  const chosen = choose(credential);
  const lookUpAgain = credential?.lookUpAgain ?? null;
  return Object.freeze({
    name: master.name,
    address: addressOf(target),
    target,
    db,
    ...chosen.login,
    sentinelLogin: target.kind === 'sentinel' ? chosen.sentinelLogin : null,
    logInAnew: lookUpAgain === null ? null : async () => choose(await lookUpAgain()),
    tls: tls === null ? null : await loadTls(tls),
  });
}

/** Two votes of one server would make a quorum of fewer servers than it counts. */
function refuseDuplicates(masters: readonly Located[]): void {
  for (const [at, master] of masters.entries()) {
    const twin = masters.slice(0, at).find((other) => isSameTarget(other.endpoint.target, master.endpoint.target));
    if (twin === undefined) continue;
    const address = addressOf(master.endpoint.target);
    const message = `Connections ${twin.name} and ${master.name} both name ${address}: each master has one vote`;
    const refusal = new ConfigException(undefined, ErrorCode.DUPLICATE_MASTER, message);
    refusal.withDetails('address', address).withDetails('connections', `${twin.name}, ${master.name}`);
    throw refusal;
  }
}

function unresolved(path: string, key: string, value: string, problem: string): ConfigException {
  const refusal = badConnection(`${path}.${key}`, `is '${value}': ${problem}`);
  refusal.withDetails('value', value);
  return refusal;
}

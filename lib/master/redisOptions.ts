import type { HostAndPort, MasterEndpoint } from '../config/MasterEndpoint';
import type { TlsSettings } from '../config/TlsSettings';
import { type Locator, SocketConnector } from './SocketConnector';

/** What is turned off here would send a command at a time nobody asked for it. */
const COMMON = {
  Connector: SocketConnector,
  lazyConnect: true,
  autoResendUnfulfilledCommands: false,
  // Commands in flight would stay pending for ever.
  maxRetriesPerRequest: 0,
  // Its SUBSCRIBE after a reconnection is sent without a handler: refused or lost, it is an unhandled rejection.
  autoResubscribe: false,
  // Its check for LOADING sleeps on a timer that outlives the connection. The master makes its own check.
  enableReadyCheck: false,
  disableClientInfo: true,
  // A hung server never answers a FIN; ended sockets are destroyed at the next turn of the loop.
  disconnectTimeout: 0,
};

/**
 * How a master is connected to.
 *
 * @param locator says where the master is; null where the endpoint does
 * @internal
 */
export function redisOptions(endpoint: MasterEndpoint, pauseMs: () => number, locator: Locator | null) {
  const { target, tls } = endpoint;
  return {
    ...COMMON,
    ...(target.kind === 'tcp' && { host: target.host, port: target.port }),
    ...(target.kind === 'unix' && { path: target.path }),
    ...(locator !== null && { locator }),
    db: endpoint.db,
    ...(endpoint.username !== null && { username: endpoint.username }),
    ...(endpoint.password !== null && { password: endpoint.password.reveal() }),
    ...(tls !== null && { tls: tlsOptions(tls) }),
    // Its timer fires before it hears that the connection stands, where this process was stalled: the deadlines see to it.
    connectTimeout: 0,
    retryStrategy: pauseMs,
    // A command is sent now or refused now. Queued or sent again after a reconnection it would be a ghost: a lock that
    // nobody is waiting for.
    enableOfflineQueue: false,
  };
}

/**
 * How one of the Sentinels that name a master is connected to. A question may wait for the connection: it changes nothing.
 *
 * @internal
 */
export function sentinelOptions(
  { sentinelLogin, tls }: MasterEndpoint,
  { host, port }: HostAndPort,
  timeoutMs: number,
  pauseMs: () => number,
) {
  return {
    ...COMMON,
    host,
    port,
    ...(sentinelLogin?.username && { username: sentinelLogin.username }),
    ...(sentinelLogin?.password && { password: sentinelLogin.password.reveal() }),
    ...(tls !== null && { tls: tlsOptions(tls) }),
    connectTimeout: timeoutMs,
    commandTimeout: timeoutMs,
    // One that does not answer is connected to anew.
    socketTimeout: timeoutMs,
    retryStrategy: pauseMs,
    // The answers are lists, whatever the Sentinel could speak.
    protocol: 2 as const,
  };
}

function tlsOptions(tls: TlsSettings) {
  return {
    ...(tls.ca !== null && { ca: tls.ca }),
    ...(tls.cert !== null && { cert: tls.cert }),
    ...(tls.key !== null && { key: tls.key.reveal() }),
    ...(tls.servername !== null && { servername: tls.servername }),
    ...(!tls.rejectUnauthorized && { rejectUnauthorized: false }),
  };
}

import type { MasterEndpoint } from '../config/MasterEndpoint';
import type { TlsSettings } from '../config/TlsSettings';
import { SocketConnector } from './SocketConnector';

/**
 * How a master is connected to. What is turned off here would send a lock's command at a time nobody asked for it.
 *
 * @internal
 */
export function redisOptions(endpoint: MasterEndpoint, pauseMs: () => number) {
  const { target, tls } = endpoint;
  return {
    ...(target.kind === 'tcp' ? { host: target.host, port: target.port } : { path: target.path }),
    db: endpoint.db,
    ...(endpoint.username !== null && { username: endpoint.username }),
    ...(endpoint.password !== null && { password: endpoint.password.reveal() }),
    ...(tls !== null && { tls: tlsOptions(tls) }),
    Connector: SocketConnector,
    lazyConnect: true,
    // Its timer fires before it hears that the connection stands, where this process was stalled: the deadlines see to it.
    connectTimeout: 0,
    retryStrategy: pauseMs,
    // A command is sent now or refused now. Queued or sent again after a reconnection it would be a ghost: a lock that
    // nobody is waiting for. Without `maxRetriesPerRequest: 0` commands in flight would stay pending for ever.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // Its SUBSCRIBE after a reconnection is sent without a handler: refused or lost, it is an unhandled rejection.
    autoResubscribe: false,
    // Its check for LOADING sleeps on a timer that outlives the connection. The master makes its own check.
    enableReadyCheck: false,
    disableClientInfo: true,
    // A hung master never answers a FIN; ended sockets are destroyed at the next turn of the loop.
    disconnectTimeout: 0,
  };
}

function tlsOptions(tls: TlsSettings) {
  return {
    ...(tls.ca !== null && { ca: tls.ca }),
    ...(tls.cert !== null && { cert: tls.cert }),
    ...(tls.key !== null && { key: tls.key.reveal() }),
    ...(tls.servername !== null && { servername: tls.servername }),
  };
}

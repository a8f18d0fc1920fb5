import { connect, Socket, type NetConnectOpts } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AbstractConnector, type RedisOptions } from 'ioredis';
import type { HostAndPort } from '../config/MasterEndpoint';
import { lookUp } from './lookUp';
import type { SocketPhase } from './tlsFault';

/** Says where a server is, each time that it is connected to. */
export interface Locator {
  /** @throws Error why it is not known */
  locate(): Promise<HostAndPort>;
}

const READ_BUFFER_BYTES = 64 * 1024;

/** The sockets that have reached a server by its port, and have not come further. */
const reached = new WeakMap<object, SocketPhase>();

/** @returns how far a socket has come; null where the server has answered, or was not reached. */
export function phaseOf(socket: { readonly bytesRead?: number } | undefined): SocketPhase | null {
  const phase = socket === undefined ? undefined : reached.get(socket);
  if (phase === undefined) return null;
  return phase === 'unanswered' && (socket?.bytesRead ?? 0) > 0 ? null : phase;
}

/**
 * Connects ioredis. A socket without TLS reads into one buffer for as long as it lives: by default Node allocates
 * 64 KiB for each read, while the answers of a lock are some ten bytes: over three masters the one buffer saves about
 * as much time as all that this library adds to redlock (`npm run bench`).
 *
 * @internal Its type is ioredis's, which the declarations of this package do not ask for.
 */
export class SocketConnector extends AbstractConnector {
  readonly #options: RedisOptions & { readonly locator?: Locator };

  /** @param options those that ioredis was made with */
  constructor(options: unknown) {
    super(0);
    this.#options = options as RedisOptions;
  }

  /** Rejects where no socket can be made: at a throw ioredis would wait for ever, and so would whoever closes it. */
  override async connect(): Promise<Socket> {
    this.connecting = true;
    delete this.firstError;
    const { host, port, path, tls, locator } = this.#options;
    let target: NetConnectOpts = path === undefined ? { host, port: port as number } : { path };
    if (locator !== undefined) {
      try {
        target = { ...(await locator.locate()) };
      } catch (error) {
        return this.#noSocket(error as Error);
      }
      // Closed meanwhile.
      if (!this.connecting) return this.#noSocket();
    }
    const socket = tls === undefined ? connectPlain(target) : connectTls({ ...target, lookup: lookUp, ...tls });
    // For as long as the socket lives. An address may be refused before ioredis listens, which asks for the error then;
    // and what arrives after it has heard one error, such as the other side's alert to a refused certificate, would be
    // nobody's, and end the process.
    socket.on('error', (error) => (this.firstError ??= error));
    if (path === undefined) {
      socket.once('connect', () => reached.set(socket, tls === undefined ? 'unanswered' : 'tls-handshake'));
      socket.once('secureConnect', () => reached.delete(socket));
    }
    this.stream = socket;
    return socket;
  }

  /** Without a timer where nothing is left to end: it would outlive the closing of the lock. */
  override disconnect(): void {
    if (this.stream === undefined || this.stream.destroyed) this.connecting = false;
    else super.disconnect();
  }

  /** At a rejection ioredis would never try again; a socket that has gone is one to be made anew, after a pause. */
  #noSocket(reason?: Error): Socket {
    if (reason !== undefined) this.firstError = reason;
    return (this.stream = new Socket().destroy());
  }
}

function connectPlain(target: NetConnectOpts): Socket {
  const buffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
  const callback = (length: number): boolean => {
    // Copied, since the parser keeps what it has of an answer until the rest arrives.
    socket.emit('data', Buffer.from(buffer.subarray(0, length)));
    return true;
  };
  const socket = connect({ ...target, lookup: lookUp, onread: { buffer, callback } });
  return socket;
}

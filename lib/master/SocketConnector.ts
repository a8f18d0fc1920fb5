import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AbstractConnector, type RedisOptions } from 'ioredis';

const READ_BUFFER_BYTES = 64 * 1024;

/**
 * Connects ioredis. A socket without TLS reads into one buffer for as long as it lives: by default Node allocates
 * 64 KiB for each read, while the answers of a lock are some ten bytes: over three masters the one buffer saves about
 * as much time as all that this library adds to redlock (`npm run bench`).
 *
 * @internal Its type is ioredis's, which the declarations of this package do not ask for.
 */
export class SocketConnector extends AbstractConnector {
  readonly #options: RedisOptions;

  /** @param options those that ioredis was made with */
  constructor(options: unknown) {
    super(0);
    this.#options = options as RedisOptions;
  }

  /** Rejects where no socket can be made: at a throw ioredis would wait for ever, and so would whoever closes it. */
  override async connect(): Promise<Socket> {
    this.connecting = true;
    const { host, port, path, tls } = this.#options;
    const target = path === undefined ? { host, port } : { path };
    const socket = tls === undefined ? connectPlain(target as NetConnectOpts) : connectTls({ ...target, ...tls });
    // For as long as the socket lives. An address may be refused before ioredis listens, which asks for the error then;
    // and what arrives after it has heard one error, such as the other side's alert to a refused certificate, would be
    // nobody's, and end the process.
    socket.on('error', (error) => (this.firstError ??= error));
    this.stream = socket;
    return socket;
  }
}

function connectPlain(target: NetConnectOpts): Socket {
  const buffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
  const callback = (length: number): boolean => {
    // Copied, since the parser keeps what it has of an answer until the rest arrives.
    socket.emit('data', Buffer.from(buffer.subarray(0, length)));
    return true;
  };
  const socket = connect({ ...target, onread: { buffer, callback } });
  return socket;
}

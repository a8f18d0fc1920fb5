import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Endpoint } from './contenders';

const MESSAGE = /^[*>]\d+\r\n\$\d+\r\n(?:p|s)?message\r\n/;
/** Enough of a reply to see whether it is a message. */
const HEAD_BYTES = 32;

/** Stands before one master and passes everything but what subscribers are sent. */
export class DeafProxy implements Endpoint {
  readonly host = '127.0.0.1';
  /** How many messages it has kept to itself. */
  dropped = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(private readonly target: Endpoint) {
    this.#server = createServer({ noDelay: true }, (client) => this.#join(client));
  }

  static async start(target: Endpoint): Promise<DeafProxy> {
    const proxy = new DeafProxy({ host: target.host, port: target.port });
    proxy.#server.listen(0, proxy.host);
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy is closed');
    return address.port;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #join(client: Socket): void {
    const master = connect({ ...this.target, noDelay: true });
    for (const [socket, other] of [
      [client, master],
      [master, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.end();
      });
    }
    client.pipe(master);
    let rest: Buffer = Buffer.alloc(0);
    master.on('data', (bytes: Buffer) => {
      rest = this.#pass(rest.length === 0 ? bytes : Buffer.concat([rest, bytes]), client);
    });
  }

  /** @returns the beginning of a reply of which the end has not arrived */
  #pass(bytes: Buffer, client: Socket): Buffer {
    let start = 0;
    for (let end = replyEnd(bytes, 0); end !== null; end = replyEnd(bytes, start)) {
      const head = bytes.toString('latin1', start, Math.min(end, start + HEAD_BYTES));
      if (MESSAGE.test(head)) this.dropped += 1;
      else client.write(bytes.subarray(start, end));
      start = end;
    }
    return bytes.subarray(start);
  }
}

/** Where the reply that begins at `start` ends, in RESP2 and RESP3; null while it is not complete. */
export function replyEnd(bytes: Buffer, start: number): number | null {
  const lineEnd = bytes.indexOf('\r\n', start);
  if (lineEnd < 0) return null;
  const type = String.fromCharCode(bytes[start] ?? 0);
  const afterLine = lineEnd + 2;
  const size = Number(bytes.toString('latin1', start + 1, lineEnd));
  if ('$!='.includes(type)) {
    const end = size < 0 ? afterLine : afterLine + size + 2;
    return end <= bytes.length ? end : null;
  }
  if (!'*~>%|'.includes(type)) return afterLine;
  // An attribute comes before the reply that it belongs to.
  const parts = type === '%' ? 2 * size : type === '|' ? 2 * size + 1 : size;
  let end: number | null = afterLine;
  for (let left = parts; left > 0 && end !== null; left -= 1) end = replyEnd(bytes, end);
  return end;
}

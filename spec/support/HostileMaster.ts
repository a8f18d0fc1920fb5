import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { parseReply } from './resp';

/** What is answered in place of the right reply; null for the right one. */
export type Answering = (command: string, at: number) => Buffer | 'close' | null;

/**
 * A server that answers what it likes, whatever it is asked. With a master behind it, each command is run there, and its
 * reply is passed on or replaced.
 */
export class HostileMaster {
  readonly host = '127.0.0.1';
  answering: Answering;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #count = 0;

  private constructor(
    answering: Answering,
    private readonly behindPort: number | null,
  ) {
    this.answering = answering;
    this.#server = createServer({ noDelay: true }, (client) => this.#serve(client));
  }

  /** @param behindPort of the master behind it; null where there is none, and where every command is to be answered */
  static async start(answering: Answering, behindPort: number | null = null): Promise<HostileMaster> {
    const master = new HostileMaster(answering, behindPort);
    await new Promise<void>((resolve) => master.#server.listen(0, master.host, resolve));
    return master;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #serve(client: Socket): void {
    this.#keep(client);
    const asked: string[] = [];
    const answer = (name: string, right: Buffer): void => {
      const instead = this.answering(name, this.#count++);
      if (instead === 'close') client.destroy();
      else client.write(instead ?? right);
    };
    const behind = this.behindPort === null ? null : this.#reach(this.behindPort, client, asked, answer);
    let unread = Buffer.alloc(0);
    client.on('data', (chunk) => {
      unread = Buffer.concat([unread, chunk]);
      for (let command = parseReply(unread); command !== null; command = parseReply(unread)) {
        const bytes = unread.subarray(0, command.end);
        unread = unread.subarray(command.end);
        const name = String((command.value as readonly unknown[])[0]).toUpperCase();
        asked.push(name);
        if (behind === null) answer(name, Buffer.from('+OK\r\n'));
        else behind.write(bytes);
      }
    });
  }

  #reach(port: number, client: Socket, asked: string[], answer: (name: string, right: Buffer) => void): Socket {
    const behind = connect({ host: this.host, port, noDelay: true });
    this.#keep(behind);
    client.on('close', () => behind.destroy());
    behind.on('close', () => client.destroy());
    let unread = Buffer.alloc(0);
    behind.on('data', (chunk) => {
      unread = Buffer.concat([unread, chunk]);
      for (let end = endOfReply(unread, 0); end !== null; end = endOfReply(unread, 0)) {
        const reply = unread.subarray(0, end);
        unread = unread.subarray(end);
        // A push is no reply, but for those that are the reply to SUBSCRIBE: they are passed on as they are.
        if (reply[0] !== 0x3e) answer(asked.shift() ?? '', reply);
        else {
          if (/^>3\r\n\$\d+\r\n(?:un)?subscribe/.test(reply.toString('latin1'))) asked.shift();
          client.write(reply);
        }
      }
    });
    return behind;
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
  }
}

/** @returns where a reply of RESP2 or RESP3 ends; null while it is not complete. */
function endOfReply(bytes: Buffer, start: number): number | null {
  const lineEnd = bytes.indexOf('\r\n', start);
  if (lineEnd < 0) return null;
  const type = String.fromCharCode(bytes[start] ?? 0);
  const length = Number(bytes.toString('latin1', start + 1, lineEnd));
  let end: number | null = lineEnd + 2;
  if ('$=!'.includes(type)) {
    if (length >= 0) end += length + 2;
    return end <= bytes.length ? end : null;
  }
  const items = '*~>'.includes(type) ? length : type === '%' ? 2 * length : 0;
  for (let item = 0; item < items && end !== null; item++) end = endOfReply(bytes, end);
  return end;
}

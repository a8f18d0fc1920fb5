import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { encodeCommand, parseReply, ReplyError } from './resp';

/** Where a master listens, and the password it asks for, if any. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly password?: string | undefined;
}

interface Call {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/**
 * A plain connection to one master. It never reconnects, queues, retries or hides an error: a spec that asks a master
 * something must see what the network answered, which is what a full client is made to smooth over.
 */
export class MasterConnection {
  private readonly socket: Socket;
  private readonly calls: Call[] = [];
  private bytes = Buffer.alloc(0);

  /** Starts to connect; commands may be called at once and fail with the connection. */
  constructor(endpoint: Endpoint) {
    this.socket = connect({ host: endpoint.host, port: endpoint.port, noDelay: true });
    this.socket.on('data', (chunk: Buffer) => this.read(chunk));
    this.socket.on('error', (error) => this.failCalls(error));
    this.socket.on('close', () => this.failCalls(new Error('the connection was closed')));
    // A refused password shows in the reply to the command that follows.
    if (endpoint.password !== undefined) this.call('AUTH', endpoint.password).catch(() => undefined);
  }

  /** A connection that is established; rejects with the socket's error. */
  static async open(endpoint: Endpoint): Promise<MasterConnection> {
    const connection = new MasterConnection(endpoint);
    await once(connection.socket, 'connect');
    return connection;
  }

  /** True once the connection has ended, by either side. */
  get isClosed(): boolean {
    return this.socket.destroyed;
  }

  /** Sends one command; rejects with a {@link ReplyError} or with what ended the connection. */
  call(...args: readonly (string | number)[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.socket.destroyed) return reject(new Error('the connection was closed'));
      this.calls.push({ resolve, reject });
      this.socket.write(encodeCommand(args));
    });
  }

  /** Gives the connection up at once; calls without an answer reject. */
  close(): void {
    this.socket.destroy();
  }

  private read(chunk: Buffer): void {
    this.bytes = Buffer.concat([this.bytes, chunk]);
    for (let reply = parseReply(this.bytes); reply; reply = parseReply(this.bytes)) {
      this.bytes = this.bytes.subarray(reply.end);
      const call = this.calls.shift();
      if (reply.value instanceof ReplyError) call?.reject(reply.value);
      else call?.resolve(reply.value);
    }
  }

  private failCalls(error: Error): void {
    for (const call of this.calls.splice(0)) call.reject(error);
  }
}

/**
 * Sends one command on a connection of its own.
 *
 * @param withinMs how long connecting and answering may take together
 * @throws Error with the code `ETIMEDOUT` when it takes longer, else as {@link MasterConnection.call} does
 */
export async function sendCommand(
  endpoint: Endpoint,
  args: readonly (string | number)[],
  withinMs = 5000,
): Promise<unknown> {
  const connection = new MasterConnection(endpoint);
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    const late = new Error(`no answer to ${args[0]} within ${withinMs} ms`);
    timer = setTimeout(() => reject(Object.assign(late, { code: 'ETIMEDOUT' })), withinMs);
  });
  try {
    return await Promise.race([connection.call(...args), deadline]);
  } finally {
    clearTimeout(timer);
    connection.close();
  }
}

import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * One address in front of several: each new connection goes to where the switch points then, and stays there, as behind
 * a name that fails over.
 */
export class TcpSwitch {
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private targetPort: number,
  ) {}

  /** Starts a switch on a port of 127.0.0.1 that the system chooses. */
  static async start(targetPort: number): Promise<TcpSwitch> {
    const server = createServer({ noDelay: true });
    const tcpSwitch = new TcpSwitch(server, targetPort);
    server.on('connection', (client: Socket) => tcpSwitch.join(client));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return tcpSwitch;
  }

  get port(): number {
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('the switch is closed');
    return address.port;
  }

  /** Where new connections go from now on; live ones stay. */
  turnTo(targetPort: number): void {
    this.targetPort = targetPort;
  }

  /** Ends the live connections. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** Ends the switch and every connection through it. */
  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.cut();
    await closed;
  }

  private join(client: Socket): void {
    const target = connect({ host: '127.0.0.1', port: this.targetPort, noDelay: true });
    for (const [socket, other] of [
      [client, target],
      [target, client],
    ] as const) {
      this.sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.sockets.delete(socket);
        other.end();
      });
      socket.pipe(other);
    }
  }
}

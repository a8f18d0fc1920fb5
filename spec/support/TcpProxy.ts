import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { freePort } from './freePort';
import { TcpLink, type Direction, type LinkModes, type LaneMode } from './TcpLink';

const PASS: LaneMode = { kind: 'pass' };

/**
 * A faulty network in front of one master. A mode holds for the live connections and for those to come, until the next
 * mode; bytes never overtake one another, whatever the modes they meet on their way.
 */
export class TcpProxy {
  private readonly links = new Set<TcpLink>();
  private modes: LinkModes = { up: PASS, down: PASS };
  private server: Server | null = null;

  private constructor(
    readonly port: number,
    private readonly targetPort: number,
    private readonly targetHost: string,
  ) {}

  /** Starts a proxy on a free port of 127.0.0.1 that passes everything to the target. */
  static async start(targetPort: number, targetHost = '127.0.0.1'): Promise<TcpProxy> {
    for (;;) {
      const proxy = new TcpProxy(await freePort(), targetPort, targetHost);
      try {
        await proxy.accept();
        return proxy;
      } catch (error) {
        // Someone else took the port between finding it free and listening on it.
        if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
      }
    }
  }

  /** How many clients are connected. */
  get connections(): number {
    return [...this.links].filter((link) => link.hasClient).length;
  }

  /** Everything flows, what was held first. */
  pass(): void {
    this.setModes({ up: PASS, down: PASS });
  }

  /** Every byte arrives `ms` later, both ways. */
  delay(ms: number): void {
    this.setModes({ up: { kind: 'delay', ms }, down: { kind: 'delay', ms } });
  }

  /** A black hole that keeps the bytes, to the master (`up`), from it (`down`) or both; connections stay. */
  hold(direction: Direction | 'both' = 'both'): void {
    const hold: LaneMode = { kind: 'hold' };
    this.setModes({ up: direction === 'down' ? PASS : hold, down: direction === 'up' ? PASS : hold });
  }

  /** Lets what was held flow, in its order; the same as {@link TcpProxy.pass}. */
  release(): void {
    this.pass();
  }

  /** A black hole that forgets the bytes, those still on their way as well; connections stay. */
  drop(): void {
    this.setModes({ up: { kind: 'drop' }, down: { kind: 'drop' } });
  }

  /** Answers arrive one byte every `everyMs`; requests pass. */
  trickle(everyMs: number): void {
    this.setModes({ up: PASS, down: { kind: 'trickle', everyMs } });
  }

  /** Resets the live connections; new ones are still taken. */
  cut(): void {
    for (const link of this.links) link.cut();
  }

  /** The master's side of the live connections goes away and no client is told; new connections are made as usual. */
  halfOpen(): void {
    for (const link of this.links) link.halfOpen();
  }

  /** Stops listening: new connections are refused, live ones stay. */
  refuse(): void {
    this.server?.close();
    this.server = null;
  }

  /** Listens again on the same port. */
  async accept(): Promise<void> {
    if (this.server) return;
    // allowHalfOpen: the end of a stream is passed on in its turn, behind the bytes before it, not at once.
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
      const link = new TcpLink(client, { host: this.targetHost, port: this.targetPort }, this.modes);
      this.links.add(link);
      void link.closed.then(() => this.links.delete(link));
    });
    this.server = server;
    try {
      server.listen(this.port, '127.0.0.1');
      await once(server, 'listening');
    } catch (error) {
      this.server = null;
      throw error;
    }
  }

  /** Ends the proxy and every connection through it. */
  async close(): Promise<void> {
    this.refuse();
    this.cut();
    await Promise.all([...this.links].map((link) => link.closed));
  }

  private setModes(modes: LinkModes): void {
    this.modes = modes;
    for (const link of this.links) link.setModes(modes);
  }
}

import { TcpProxy } from '../spec/support/TcpProxy';
import { until } from '../spec/support/until';
import type { LinkFault } from './Action';

/** The way from one worker to one master, and the fault that is on it. */
export class Link {
  #hasLostBytes = false;

  private constructor(private readonly proxy: TcpProxy) {}

  static async start(target: { readonly host: string; readonly port: number }): Promise<Link> {
    return new Link(await TcpProxy.start(target.port, target.host));
  }

  get port(): number {
    return this.proxy.port;
  }

  /** Puts a fault in the place of the one before. */
  async put(fault: LinkFault): Promise<void> {
    // A stream with a hole in it is nothing that TCP would ever deliver: it ends with the fault that made the hole.
    if (this.#hasLostBytes) this.proxy.cut();
    this.#hasLostBytes = fault.kind === 'drop';
    switch (fault.kind) {
      case 'pass':
        this.proxy.pass();
        // Somebody else on this machine may have had the port for a moment.
        return until(() => this.proxy.accept().then(() => true), `port ${this.port} can be listened on again`);
      case 'hold':
        return this.proxy.hold(fault.way);
      case 'delay':
        return this.proxy.delay(fault.ms);
      case 'trickle':
        return this.proxy.trickle(fault.everyMs);
      case 'drop':
        return this.proxy.drop();
      case 'refuse':
        this.proxy.refuse();
        return this.proxy.cut();
      case 'cut':
        return this.proxy.cut();
      case 'half-open':
        return this.proxy.halfOpen();
    }
  }

  close(): Promise<void> {
    return this.proxy.close();
  }
}

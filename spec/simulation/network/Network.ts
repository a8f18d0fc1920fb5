import net from 'node:net';
import type { World } from '../world/World';
import type { SimulatedServer } from '../server/SimulatedServer';
import type { Process } from '../world/Process';
import { Link } from './Link';
import { SimulatedSocket } from './SimulatedSocket';

/** Every way between a process and a server, and the sockets on it. */
export class Network {
  readonly #servers = new Map<string, SimulatedServer>();
  readonly #links = new Map<Process, Map<SimulatedServer, Link>>();
  readonly #sockets = new Map<Link, Set<SimulatedSocket>>();

  constructor(
    private readonly world: World,
    servers: readonly SimulatedServer[],
    private readonly latencyMs: (process: Process, server: SimulatedServer) => number,
  ) {
    for (const server of servers) this.#servers.set(server.name, server);
  }

  link(process: Process, server: SimulatedServer): Link {
    let links = this.#links.get(process);
    if (links === undefined) this.#links.set(process, (links = new Map<SimulatedServer, Link>()));
    let link = links.get(server);
    if (link === undefined) {
      link = new Link(this.world, process, server, this.latencyMs(process, server));
      links.set(server, link);
    }
    return link;
  }

  connect(host: string): SimulatedSocket {
    const { running } = this.world;
    const server = this.#servers.get(host);
    if (running === null || server === undefined) throw new Error(`nothing is simulated at ${host}`);
    const link = this.link(running, server);
    const socket = new SimulatedSocket(this.world, link);
    const sockets = this.#sockets.get(link);
    if (sockets === undefined) this.#sockets.set(link, new Set([socket]));
    else sockets.add(socket);
    socket.once('close', () => this.#sockets.get(link)?.delete(socket));
    return socket;
  }

  /** Breaks the connections of a process to a server. */
  reset(process: Process, server: SimulatedServer): void {
    for (const socket of this.#sockets.get(this.link(process, server)) ?? []) socket.reset();
  }

  mend(): void {
    for (const links of this.#links.values()) for (const link of links.values()) link.mend();
  }
}

let present: Network | null = null;

/** To which network sockets connect. */
export function attach(network: Network | null): void {
  present = network;
}

/** Puts simulated sockets in the place of Node's, for all that this process runs from now on. */
export function replaceSockets(): void {
  const connect = ({ host = '' }: net.TcpNetConnectOpts): SimulatedSocket => {
    if (present === null) throw new Error('no simulation is running');
    return present.connect(host);
  };
  Object.assign(net, { connect });
}

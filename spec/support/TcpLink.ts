import { connect, type Socket } from 'node:net';
import { TcpLane, type LaneMode } from './TcpLane';

export type { LaneMode };

/** To the master, or from it. */
export type Direction = 'up' | 'down';

/** What becomes of the bytes, each way. */
export type LinkModes = Readonly<Record<Direction, LaneMode>>;

/** One client's connection through the proxy: its socket, the socket to the master, and a lane each way between them. */
export class TcpLink {
  /** Resolves when both sockets are closed; never rejects. */
  readonly closed: Promise<void>;
  private readonly master: Socket;
  private readonly lanes: Readonly<Record<Direction, TcpLane>>;

  constructor(
    private readonly client: Socket,
    target: { readonly host: string; readonly port: number },
    modes: LinkModes,
  ) {
    this.master = connect({ ...target, allowHalfOpen: true, noDelay: true });
    this.lanes = {
      up: new TcpLane(client, this.master, modes.up),
      down: new TcpLane(this.master, client, modes.down),
    };
    this.closed = Promise.all([closeOf(client), closeOf(this.master)]).then(() => undefined);
  }

  /** False as soon as the client has left, also while what it sent is still on its way. */
  get hasClient(): boolean {
    return !this.client.destroyed && !this.client.readableEnded;
  }

  setModes(modes: LinkModes): void {
    this.lanes.up.setMode(modes.up);
    this.lanes.down.setMode(modes.down);
  }

  cut(): void {
    this.stopLanes();
    // Node loses the 'close' of a socket that is reset while its own end is still on its way.
    if (this.client.writableEnded && !this.client.writableFinished) this.client.destroy();
    else this.client.resetAndDestroy();
    this.master.destroy();
  }

  halfOpen(): void {
    this.stopLanes();
    this.master.destroy();
  }

  private stopLanes(): void {
    this.lanes.up.stop();
    this.lanes.down.stop();
  }
}

function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

import { EventEmitter } from 'node:events';
import type { Peer } from '../server/SimulatedServer';
import type { World } from '../world/World';
import { Lane, type Link } from './Link';

/** The socket of one process, as `net.connect` returns it: as much of it as ioredis and this library use. */
export class SimulatedSocket extends EventEmitter {
  connecting = true;
  writable = true;
  destroyed = false;
  bytesRead = 0;
  readonly #requests: Lane;
  readonly #answers: Lane;
  #peer: Peer | null = null;
  #isCorked = false;
  #written = '';

  constructor(
    private readonly world: World,
    private readonly link: Link,
  ) {
    super();
    this.#requests = new Lane(world, link, 'request');
    this.#answers = new Lane(world, link, 'answer');
    link.process.onEnd(() => this.#leave());
    this.#requests.send(() => this.#arrive());
  }

  write(data: string | Buffer): boolean {
    this.#written += data.toString();
    if (!this.#isCorked) this.#flush();
    return true;
  }

  cork(): void {
    this.#isCorked = true;
  }

  uncork(): void {
    this.#isCorked = false;
    this.#flush();
  }

  end(): void {
    if (!this.writable) return;
    this.writable = false;
    this.#flush();
    this.#leave();
  }

  destroy(error?: Error): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    this.connecting = false;
    this.writable = false;
    this.#leave();
    this.world.hear(this.link.process, this.world.nowMs, () => {
      if (error !== undefined) this.emit('error', error);
      this.emit('close');
    });
    return this;
  }

  setNoDelay(): void {}
  setKeepAlive(): void {}
  setTimeout(): void {}
  resume(): void {}

  /** The connection breaks, on both sides, at once for the process. */
  reset(): void {
    this.destroy(failure('ECONNRESET', 'read ECONNRESET'));
  }

  #flush(): void {
    const text = this.#written;
    this.#written = '';
    if (text === '' || this.destroyed) return;
    this.#requests.send(() => {
      if (this.#peer !== null) this.link.server.receive(this.#peer, text);
    });
  }

  /** The first message has reached the server. */
  #arrive(): void {
    const { server } = this.link;
    if (!server.isUp) {
      this.#answers.send(() => this.destroy(failure('ECONNREFUSED', `connect ECONNREFUSED ${server.name}`)));
      return;
    }
    this.#peer = server.accept(
      (text) => this.#answers.send(() => this.#hear(text)),
      () => {
        this.#peer = null;
        this.#answers.send(() => this.destroy());
      },
    );
    this.#answers.send(() => {
      if (this.destroyed) return;
      this.connecting = false;
      this.emit('connect');
    });
  }

  #hear(text: string): void {
    if (this.destroyed) return;
    this.bytesRead += text.length;
    this.emit('data', Buffer.from(text));
  }

  /** The server learns that nobody is there any more, behind all that was sent before. */
  #leave(): void {
    this.#requests.send(() => {
      if (this.#peer === null) return;
      this.link.server.forget(this.#peer);
      this.#peer = null;
    });
  }
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

import type { Connection } from './Connection';
import { MasterError } from './MasterError';

/**
 * What is listened to on one master. Messages come over the one connection that the master has, and are lost while it
 * is away: nothing may depend on them.
 */
export class Channels {
  readonly #listeners = new Map<string, () => void>();
  #isLive = false;
  #isRefused = false;

  constructor(
    private readonly connection: Connection,
    private readonly warn: (message: string) => void,
  ) {}

  /** Whether messages can come now. */
  get isLive(): boolean {
    return this.#isLive;
  }

  /**
   * Calls `onMessage` for each message on a channel. The subscription is sent ahead of whatever is sent next.
   *
   * @returns whether messages can come now
   */
  listen(channel: string, onMessage: () => void): boolean {
    this.#listeners.set(channel, onMessage);
    if (this.#isLive) this.#subscribe(channel);
    return this.#isLive;
  }

  /** No more messages of a channel. */
  ignore(channel: string): void {
    this.#listeners.delete(channel);
    // Whoever has waited goes on first: nobody waits for this.
    setImmediate(() => {
      if (this.#isLive) this.connection.unsubscribe(channel).catch(onFault);
    });
  }

  /** The connection stands: subscribes to what is wanted now, which need not be what was when the former one broke. */
  restore(): void {
    this.#isLive = this.connection.canSubscribe && !this.#isRefused;
    if (!this.#isLive) return;
    for (const channel of this.#listeners.keys()) this.#subscribe(channel);
  }

  /** The connection has gone. */
  pause(): void {
    this.#isLive = false;
  }

  onMessage(channel: string): void {
    this.#listeners.get(channel)?.();
  }

  #subscribe(channel: string): void {
    // In one write with the attempt that follows.
    this.connection.gather();
    this.connection.subscribe(channel).catch((error: unknown) => {
      if (!(error instanceof MasterError) || error.kind !== 'no-permission' || this.#isRefused) return;
      this.#isRefused = true;
      this.#isLive = false;
      this.warn('does not permit SUBSCRIBE: whoever waits for a lock polls');
    });
  }
}

function onFault(): void {
  // The connection has gone, and the subscription with it.
}

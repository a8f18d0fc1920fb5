import type { Process } from '../world/Process';
import type { World } from '../world/World';
import type { SimulatedServer } from '../server/SimulatedServer';

/** Which way a message goes. */
export type Direction = 'request' | 'answer';

/** The way between a process and a server: how long a message takes, and whether it is cut. */
export class Link {
  #cutUntilMs: Record<Direction, number> = { request: 0, answer: 0 };

  /** @param latencyMs of a message, about */
  constructor(
    private readonly world: World,
    readonly process: Process,
    readonly server: SimulatedServer,
    private readonly latencyMs: number,
  ) {}

  /** Messages wait until then, as TCP sends them again. */
  cut(direction: Direction, forMs: number): void {
    this.#cutUntilMs[direction] = Math.max(this.#cutUntilMs[direction], this.world.nowMs + forMs);
  }

  isCut(direction: Direction): boolean {
    return this.#cutUntilMs[direction] > this.world.nowMs;
  }

  /** Everything goes through again. */
  mend(): void {
    this.#cutUntilMs = { request: 0, answer: 0 };
  }

  /** When a message that is sent now arrives, unless the link is cut meanwhile. */
  arrivalMs(direction: Direction): number {
    const leftMs = Math.max(0, this.#cutUntilMs[direction] - this.world.nowMs);
    // TCP sends again after growing pauses: a connection that was made meanwhile may be quicker.
    const sentMs = this.world.nowMs + leftMs + this.world.chance.between(0, leftMs);
    return sentMs + this.latencyMs * this.world.chance.between(0.5, 1.5);
  }
}

/** One direction of one connection: what is sent first arrives first. */
export class Lane {
  #lastMs = 0;
  readonly #underway: (() => void)[] = [];

  constructor(
    private readonly world: World,
    private readonly link: Link,
    private readonly direction: Direction,
  ) {}

  send(arrive: () => void): void {
    this.#underway.push(arrive);
    this.#plan(Math.max(this.#lastMs, this.link.arrivalMs(this.direction)));
  }

  #plan(atMs: number): void {
    this.#lastMs = atMs;
    const { world, link, direction } = this;
    if (direction === 'request') world.at(atMs, this.#arrive);
    else world.hear(link.process, atMs, this.#arrive);
  }

  readonly #arrive = (): void => {
    // It was cut while the message was on its way.
    if (this.link.isCut(this.direction)) this.#plan(Math.max(this.#lastMs, this.link.arrivalMs(this.direction)));
    else this.#underway.shift()?.();
  };
}

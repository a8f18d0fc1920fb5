import { Client } from './Client';
import { Judge, type Violation } from './judge/Judge';
import { attach, Network } from './network/Network';
import type { Action, Fault, Intrusion, Mishap, Outage, Schedule, Step } from './schedule/Step';
import { SimulatedServer } from './server/SimulatedServer';
import type { Process } from './world/Process';
import type { Wrong } from './wrongs';
import { enter } from './world/globals';
import { World } from './world/World';

/** Longer than any ttl of a schedule: what a master forgets is over before it votes again. */
const GUARD_MS = 40_000;

/** Until a client is connected to all masters that can be reached. */
const OPENING_MS = 600;

/** After the last step, until what was under way has settled. */
const SETTLING_MS = 6000;

/** For connections to come back, and for what is left to be taken back. */
const GRACE_MS = 10_000;

/** For how long a lock stays when it was released for later. */
const KEPT_MS = 400;

const LONER = 'loner';

/** For an attempt, or a release, where nothing is wrong. */
const ROUND_MS = 1500;

/** What came of one schedule. */
export interface Result {
  readonly violations: readonly Violation[];
  readonly turns: number;
}

/** Runs one schedule from its beginning to where all faults are over and everything has been given back. */
export class Simulation {
  readonly #world: World;
  readonly #servers: readonly SimulatedServer[];
  readonly #network: Network;
  readonly #judge: Judge;
  readonly #clients: Client[] = [];
  readonly #latenciesMs = new Map<string, number>();
  #lastLossMs = -Infinity;
  #lastLost: SimulatedServer | null = null;

  constructor(
    private readonly schedule: Schedule,
    private readonly wrong: Partial<Wrong> = {},
  ) {
    const { seed, masters } = schedule;
    const world = (this.#world = new World(seed));
    this.#servers = Array.from({ length: masters }, (_, index) => {
      // Within what drift_factor allows for, half of it for each side.
      const rate = wrong.rate ?? 1 + world.chance.between(-0.004, 0.004);
      return new SimulatedServer(world, `m${index}`, rate, wrong.rewrite);
    });
    this.#network = new Network(world, this.#servers, (process, server) => this.#latencyMs(process, server));
    this.#judge = new Judge(world, this.#servers, Math.floor(masters / 2) + 1, () => this.#clients);
  }

  async run(): Promise<Result> {
    const { clients, steps } = this.schedule;
    enter(this.#world);
    attach(this.#network);
    const onStray = (error: unknown): void => this.#judge.onStray(error);
    process.on('unhandledRejection', onStray).on('uncaughtException', onStray);
    try {
      for (let index = 0; index < clients; index += 1) this.#start(index);
      await this.#advance(OPENING_MS);
      for (const step of steps) {
        if (step.afterMs > 0) await this.#advance(step.afterMs);
        this.#take(step);
        if (this.#judge.violations.length > 0) return this.#result();
      }
      await this.#advance(SETTLING_MS);
      await this.#end();
      return this.#result();
    } finally {
      process.off('unhandledRejection', onStray).off('uncaughtException', onStray);
      enter(null);
      attach(null);
    }
  }

  get #isGuarded(): boolean {
    return this.wrong.restartGuardMs !== 0;
  }

  #result(): Result {
    return { violations: this.#judge.violations, turns: this.#world.turns };
  }

  #advance(byMs: number): Promise<void> {
    return this.#world.runUntil(this.#world.nowMs + byMs, () => this.#judge.look());
  }

  /** Mends everything, gives back everything, and looks what is left. */
  async #end(): Promise<void> {
    for (const server of this.#servers) {
      server.mend();
      server.start('kept');
    }
    this.#network.mend();
    for (const client of this.#clients) {
      client.process.goOn();
      this.#world.as(client.process, () => client.finish());
    }
    await this.#advance(GRACE_MS);
    const hasLeft = (owner: Process): boolean => this.#clients.some((one) => one.process === owner && one.hasLeft);
    this.#judge.lookAtLeftovers(hasLeft);
    // Whoever has forgotten is noticed when it is asked.
    for (const { process, lock } of this.#clients)
      this.#world.as(process, () => void lock.tryAcquireLock('end', 'c', 10).catch(() => {}));
    await this.#advance(GUARD_MS + ROUND_MS);
    for (const client of this.#clients) await this.#tryEverything(client);
    for (const client of this.#clients) this.#world.as(client.process, () => client.close());
    await this.#advance(3000);
  }

  /** What nobody holds any more can be had. */
  async #tryEverything(client: Client): Promise<void> {
    if (this.#judge.isUnsafe) return;
    for (const key of ['a', 'b']) {
      const wanted = {
        keys: [key],
        ttlMs: 1000,
        timeoutMs: ROUND_MS,
        isRenewed: false,
        isFenced: this.#isGuarded,
        heldMs: 0,
      };
      const before = client.granted;
      this.#world.as(client.process, () => client.acquire(wanted));
      await this.#advance(3 * ROUND_MS);
      if (client.granted === before)
        this.#judge.report('stuck', `${client.name} cannot have ${key}; ${client.lastFailure}`);
    }
  }

  #start(index: number): void {
    const connections = this.#servers.map(({ name }) => ({ host: name, port: 6379 }));
    const options = { restart_guard: this.wrong.restartGuardMs ?? GUARD_MS };
    const name = `c${index}${'+'.repeat(this.#clients.filter(({ name }) => name.startsWith(`c${index}`)).length)}`;
    const client = new Client(this.#world, name, { connections, options }, this.#judge);
    this.#clients[index] = client;
    this.#world.as(client.process, () => client.open());
  }

  /** Another application begins, beside the master that it has for its own, as soon as that is back. */
  #startLoner(server: SimulatedServer): void {
    if (this.wrong.hasLoner !== true) return;
    const config = { connections: [{ host: server.name, port: 6379 }], options: { key_prefix: 'other:' } };
    const loner = new Client(this.#world, LONER, config, this.#judge);
    this.#world.as(loner.process, () => loner.open());
  }

  #take(step: Step): void {
    if (!('client' in step)) return this.#befall(this.#serverOf(step.master), step);
    const client = this.#clientOf(step.client);
    if ('master' in step) this.#breakLink(client.process, this.#serverOf(step.master), step);
    else this.#takeOf(client, step);
  }

  #clientOf(index: number): Client {
    return this.#clients[index % this.#clients.length] as Client;
  }

  #serverOf(index: number): SimulatedServer {
    return this.#servers[index % this.#servers.length] as SimulatedServer;
  }

  #takeOf(client: Client, step: Action | Mishap): void {
    const { process } = client;
    const act = (work: () => void): void => {
      if (process.isAlive) this.#world.as(process, work);
    };
    const heldBy = (nth: number, work: (held: Client['held'][number]) => void): void =>
      act(() => {
        const held = client.held[nth % Math.max(1, client.held.length)];
        if (held !== undefined) work(held);
      });
    switch (step.kind) {
      case 'acquire':
        // Without the guard there are no numbers.
        return act(() => client.acquire({ ...step, isFenced: step.isFenced && this.#isGuarded }));
      case 'release':
        return heldBy(step.nth, (held) => client.release(held));
      case 'keep':
        return heldBy(step.nth, (held) => client.keep(held, KEPT_MS));
      case 'extend':
        return heldBy(step.nth, (held) => client.extend(held, step.ttlMs));
      case 'hand-over':
        return heldBy(step.nth, (held) => client.handOver(held, this.#clientOf(step.to)));
      case 'cancel':
        return act(() => client.cancel(step.nth));
      case 'open':
        return act(() => client.open());
      case 'close':
        return act(() => client.close());
      case 'crash':
        process.kill();
        return this.#start(this.#clients.indexOf(client));
      case 'stop':
        return process.stop(step.ms);
      case 'sleep':
        process.sleep(step.ms);
        break;
      case 'set-clock':
        process.setClock(step.ms);
    }
    this.#judge.isUnsafe ||= process.isWithoutClock;
  }

  #breakLink(process: Process, server: SimulatedServer, step: Outage): void {
    const link = this.#network.link(process, server);
    switch (step.kind) {
      case 'cut':
        link.cut('request', step.ms);
        return link.cut('answer', step.ms);
      case 'cut-requests':
        return link.cut('request', step.ms);
      case 'cut-answers':
        return link.cut('answer', step.ms);
      case 'reset':
        return this.#network.reset(process, server);
    }
  }

  #befall(server: SimulatedServer, step: Fault | Intrusion): void {
    switch (step.kind) {
      case 'hang':
        return server.hang(step.ms);
      case 'restart': {
        const memory = step.memory === 'kept' || this.#mayForget(server) ? step.memory : 'kept';
        server.crash();
        this.#world.at(this.#world.nowMs + step.ms, () => {
          server.start(memory);
          this.#startLoner(server);
        });
        return;
      }
      case 'save':
        return server.save();
      case 'flush':
        if (this.#mayForget(server)) server.keyspace.clear();
        return;
      case 'mend':
        return server.mend();
      case 'refuse':
        return server.refuse(step.refusal);
      case 'set-master-clock':
        this.#judge.isUnsafe = true;
        return server.setClock(step.ms);
      case 'foreign-lock':
        this.#judge.isUnsafe = true;
        if (server.keyspace.get(step.key) === null) {
          server.keyspace.set(step.key, 'foreign', server.clockMs() + step.ms);
        }
        return;
      case 'foreign-delete':
        this.#judge.isUnsafe = true;
        server.keyspace.delete(step.key);
    }
  }

  /** The guard holds against one master that forgets within its time; a single master has nobody to remember for it. */
  #mayForget(server: SimulatedServer): boolean {
    const { nowMs } = this.#world;
    if (this.#servers.length === 1) return false;
    if (this.#lastLost !== server && nowMs - this.#lastLossMs < 2 * GUARD_MS) return false;
    this.#lastLost = server;
    this.#lastLossMs = nowMs;
    this.#judge.hasForgotten = true;
    return true;
  }

  #latencyMs(process: Process, server: SimulatedServer): number {
    const way = `${process.name.slice(0, 2)} ${server.name}`;
    if (process.name === LONER) return 0.01;
    const known = this.#latenciesMs.get(way) ?? this.schedule.latencyMs * this.#world.chance.between(0.3, 2);
    this.#latenciesMs.set(way, known);
    return known;
  }
}

import { createHash } from 'node:crypto';
import { Unsimulated } from '../lua/LuaTable';
import type { World } from '../world/World';
import { COMMANDS, Refused, type Command, type Reply } from './commands';
import { Keyspace, type Entry } from './Keyspace';
import { decode, encode, type Push } from './resp';
import { runScript } from './runScript';

/** One client's connection, as the server sees it. */
export interface Peer {
  readonly id: number;
  readonly channels: Set<string>;
  send(text: string): void;
  /** The server ends it. */
  end(): void;
}

/** Why a server refuses what writes, by the first word of its answer. */
export type Refusal = 'OOM' | 'NOREPLICAS' | 'MISCONF' | 'READONLY' | 'NOPERM';

/** What survives a restart. */
export type Memory = 'kept' | 'lost' | 'snapshot';

const REFUSALS: Readonly<Record<Refusal, string>> = {
  OOM: "OOM command not allowed when used memory > 'maxmemory'.",
  NOREPLICAS: 'NOREPLICAS Not enough good replicas to write.',
  MISCONF: 'MISCONF Redis is configured to save RDB snapshots, but it is currently unable to persist to disk.',
  READONLY: "READONLY You can't write against a read only replica.",
  // As Redis 7.0 says it within a script: without the word.
  NOPERM: "ERR The user executing the script can't run this command or subcommand",
};

/** A Redis server: its keyspace, its connections, and what may befall it. */
export class SimulatedServer {
  readonly keyspace = new Keyspace(() => this.clockMs());
  isUp = true;
  /** It came back with a snapshot: what had been deleted since is there again. */
  hasOldData = false;
  #refusal: Refusal | null = null;
  #runs = 0;
  #ids = 0;
  #aheadMs = 0;
  #hungUntilMs = 0;
  #startedMs = 0;
  #snapshot: ReadonlyMap<string, Entry> = new Map();
  readonly #peers = new Set<Peer>();
  readonly #scripts = new Map<string, string>();
  /** What has come while it hung, by connection. */
  readonly #backlog = new Map<Peer, (() => void)[]>();

  /**
   * @param rate of its clock, beside one that is right
   * @param rewrite what it runs in place of a script
   */
  constructor(
    private readonly world: World,
    readonly name: string,
    private readonly rate: number,
    private readonly rewrite: (source: string) => string = (source) => source,
  ) {}

  /** By its own clock. */
  clockMs(): number {
    const { wallMs, nowMs } = this.world;
    return wallMs + nowMs * (this.rate - 1) + this.#aheadMs;
  }

  /** A client has connected. */
  accept(send: (text: string) => void, end: () => void): Peer {
    this.#ids += 1;
    const peer: Peer = {
      id: this.#ids,
      channels: new Set(),
      send,
      end: () => {
        if (this.#peers.delete(peer)) end();
      },
    };
    this.#peers.add(peer);
    return peer;
  }

  /** The client has gone: is noticed behind all that it has written. */
  forget(peer: Peer): void {
    this.#whenItRuns(peer, () => this.#peers.delete(peer));
  }

  /** Reads what a client has written. */
  receive(peer: Peer, text: string): void {
    this.#whenItRuns(peer, () => this.#read(peer, text));
  }

  hang(forMs: number): void {
    this.#hungUntilMs = Math.max(this.#hungUntilMs, this.world.nowMs + forMs);
    this.world.at(this.#hungUntilMs, () => this.#goOn());
  }

  /** Ends every fault that ends by itself. */
  mend(): void {
    this.#refusal = null;
    this.#hungUntilMs = 0;
    this.#goOn();
  }

  /** Ends with all its connections. */
  crash(): void {
    this.isUp = false;
    this.#backlog.clear();
    for (const peer of [...this.#peers]) peer.end();
  }

  start(memory: Memory): void {
    if (this.isUp) return;
    this.isUp = true;
    this.#runs += 1;
    this.#startedMs = this.world.nowMs;
    this.#hungUntilMs = 0;
    this.#scripts.clear();
    if (memory === 'lost') this.keyspace.clear();
    if (memory === 'snapshot') {
      this.keyspace.restore(this.#snapshot);
      this.hasOldData = true;
    }
  }

  /** What a later restart may come back with. */
  save(): void {
    this.#snapshot = this.keyspace.snapshot();
  }

  setClock(byMs: number): void {
    this.#aheadMs += byMs;
  }

  /** Refuses what writes until it is mended. */
  refuse(refusal: Refusal): void {
    this.#refusal = refusal;
  }

  #whenItRuns(peer: Peer, work: () => void): void {
    if (this.#hungUntilMs <= this.world.nowMs) return work();
    const waiting = this.#backlog.get(peer);
    if (waiting === undefined) this.#backlog.set(peer, [work]);
    else waiting.push(work);
  }

  /** After a stall the connections are read in any order, each of them in its own. */
  #goOn(): void {
    if (this.#hungUntilMs > this.world.nowMs) return;
    const waiting = [...this.#backlog.values()].map((work) => ({ work, rank: this.world.chance.next() }));
    this.#backlog.clear();
    for (const { work } of waiting.sort((left, right) => left.rank - right.rank)) for (const one of work) one();
  }

  #read(peer: Peer, text: string): void {
    for (const words of decode(text)) {
      if (!this.#peers.has(peer)) return;
      peer.send(encode(this.#answer(peer, words)));
    }
  }

  #answer(peer: Peer, [name = '', ...args]: readonly string[]): Reply | Push | Refused {
    switch (name.toLowerCase()) {
      case 'hello':
        return ['server', 'redis', 'proto', 3];
      case 'info':
        return this.#info();
      case 'client':
        return this.#client(peer, args);
      case 'script':
        return this.#load(args[1] ?? '');
      case 'evalsha': {
        const source = this.#scripts.get(args[0] ?? '');
        if (source === undefined) return new Refused('NOSCRIPT No matching script. Please use EVAL.');
        return this.#eval(source, args.slice(1));
      }
      case 'eval':
        return this.#eval(this.#scripts.get(this.#load(args[0] ?? '')) ?? '', args.slice(1));
      case 'subscribe':
      case 'unsubscribe': {
        const channel = args[0] ?? '';
        if (name.toLowerCase() === 'subscribe') peer.channels.add(channel);
        else peer.channels.delete(channel);
        return { pushed: [name, channel, peer.channels.size] };
      }
      default:
        return new Refused(`ERR unknown command '${name}'`);
    }
  }

  #info(): string {
    const fields = {
      run_id: `${this.name}r${this.#runs}`,
      uptime_in_seconds: Math.floor((this.world.nowMs - this.#startedMs) / 1000),
      role: 'master',
      redis_mode: 'standalone',
      maxmemory_policy: 'noeviction',
    };
    return Object.entries(fields)
      .map(([field, value]) => `${field}:${value}\r\n`)
      .join('');
  }

  #client(peer: Peer, [verb = '', , id]: readonly string[]): Reply {
    if (verb.toLowerCase() === 'id') return peer.id;
    const killed = [...this.#peers].filter((one) => one.id === Number(id));
    for (const one of killed) one.end();
    return killed.length;
  }

  #load(source: string): string {
    const sha = shaOf(source);
    this.#scripts.set(sha, this.rewrite(source));
    return sha;
  }

  #eval(source: string, [numKeys = '0', ...rest]: readonly string[]): Reply | Refused {
    const count = Number(numKeys);
    let hasWritten = false;
    return runScript(source, rest.slice(0, count), rest.slice(count), ([name = '', ...args]) => {
      const command = Object.hasOwn(COMMANDS, name.toLowerCase()) ? COMMANDS[name.toLowerCase()] : undefined;
      if (command === undefined) throw new Unsimulated(`the command ${name}`);
      const [least, most] = command.takes;
      if (args.length < least || args.length > most) {
        throw new Refused('ERR Wrong number of args calling Redis command from script');
      }
      const refusal = this.#refusal;
      // Redis lets a script that has written anything go on, however little memory is left.
      const isRefused = refusal === 'OOM' ? command.needsMemory && !hasWritten : refusal !== null && command.isWrite;
      if (isRefused) throw new Refused(REFUSALS[refusal as Refusal]);
      hasWritten ||= command.isWrite;
      return this.#run(command, args);
    });
  }

  #run(command: Command, args: readonly string[]): Reply {
    return command.run(
      {
        keyspace: this.keyspace,
        nowMs: () => this.clockMs(),
        publish: (channel, text) => this.#publish(channel, text),
      },
      args,
    );
  }

  #publish(channel: string, message: string): number {
    const hearing = [...this.#peers].filter(({ channels }) => channels.has(channel));
    for (const peer of hearing) peer.send(encode({ pushed: ['message', channel, message] }));
    return hearing.length;
  }
}

const shas = new Map<string, string>();

function shaOf(source: string): string {
  let sha = shas.get(source);
  if (sha === undefined) shas.set(source, (sha = createHash('sha1').update(source).digest('hex')));
  return sha;
}

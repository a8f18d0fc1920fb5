import { types } from 'node:util';
import { Redis } from 'ioredis';
import { labelOf, type HostAndPort, type MasterEndpoint } from '../config/MasterEndpoint';
import { Backoff } from './Backoff';
import { Deadlines } from './Deadlines';
import { disconnect } from './disconnect';
import { faultOfReply, faultOfSocket, isAboutPassword, isDemoted, isForbidden, MasterError } from './MasterError';
import { redisOptions } from './redisOptions';
import { reloginOf } from './relogin';
import { isReply, unreadable, wholeIn } from './replies';
import { phaseOf } from './SocketConnector';
import type { Argument, Script } from './Script';
import { Sentinels } from './Sentinels';
import { readOwnSlots, readServerInfo, type ServerInfo } from './ServerInfo';

/** Is told when a connection stands, and when it has gone. */
export interface ConnectionOwner {
  onConnected(): void;
  onDisconnected(fault: MasterError): void;
  /** Something was published on a channel that was subscribed to. */
  onMessage(channel: string): void;
}

/**
 * The socket of one master, made anew for ever, with growing pauses. What is sent over it settles within `timeoutMs`:
 * a connection that leaves a command unanswered for so long is given up, and everything on it with it. Rejections are
 * {@link MasterError}s, never anything else.
 */
export class Connection {
  /** The master, as details and the status show it. */
  readonly address: string;
  /** The master, as messages name it. */
  readonly label: string;
  /** The last round trip, in ms; null before the first. */
  roundTripMs: number | null = null;
  /** False where the server was found to have no EVALSHA. */
  runsByName = true;

  // Private to the runtime and not only to the compiler: ioredis keeps the password in its options.
  readonly #redis: Redis;
  /** Who says where the master is; null where the configuration does. */
  readonly #sentinels: Sentinels | null;
  /** Asks for the password anew; null where it never changes. */
  readonly #relogin: (() => void) | null;
  readonly #deadlines: Deadlines;
  readonly #backoff = new Backoff();
  /** What the connection died of, until the next one is made. */
  #fault: MasterError | null = null;
  /** How many commands are kept back until the end of this turn; null where each is written at once. */
  #gathered: number | null = null;

  constructor(
    endpoint: MasterEndpoint,
    timeoutMs: number,
    private readonly owner: ConnectionOwner,
  ) {
    const { address } = endpoint;
    this.address = address;
    this.label = labelOf(endpoint);
    this.#sentinels = Sentinels.of(endpoint, timeoutMs, (present) => {
      this.drop(new MasterError(address, 'failover', `its Sentinels name ${present} now`));
    });
    const locator = this.#sentinels === null ? null : { locate: () => this.#locate() };
    this.#redis = new Redis(redisOptions(endpoint, () => this.#backoff.next(), locator));
    this.#relogin = reloginOf(this.#redis, endpoint, ({ login }) => login);
    this.#deadlines = new Deadlines(timeoutMs, (limitMs) => {
      const isConnecting = this.#redis.status === 'connecting';
      const timedOut = Object.assign(new Error('connect ETIMEDOUT'), { code: 'ETIMEDOUT' });
      const silent = new MasterError(address, 'silent', `no answer within ${limitMs} ms`);
      this.drop(isConnecting ? this.#faultOf(timedOut) : silent);
    });
    this.#redis.on('connecting', () => {
      this.#fault = null;
      this.#deadlines.clear();
      if (this.#sentinels === null) this.#deadlines.start();
    });
    this.#redis.on('error', (error: Error) => {
      const { kind } = (this.#fault ??= this.#faultOf(error));
      if (isAboutPassword(kind)) this.#relogin?.();
      // ioredis would go on reading, and take what follows for answers to other commands.
      if (kind === 'not-redis') this.#redis.stream.destroy();
    });
    // That it stands counts as the connection's first answer, and the handshake, ioredis's own, as its first command.
    this.#redis.on('connect', () => {
      this.#deadlines.end();
      this.#deadlines.start();
    });
    this.#redis.on('ready', () => {
      this.#deadlines.end();
      // A SELECT that failed is only an 'error' event to ioredis: the locks would go into database 0.
      if (this.#fault === null || this.isSelectRefused) this.owner.onConnected();
      else this.drop(this.#fault);
    });
    // Without a 'close' before it, there was no socket to begin with, and ioredis does not try again.
    this.#redis.on('end', () => {
      this.#deadlines.clear();
      this.owner.onDisconnected(this.#fault ?? faultOfSocket(address, new Error()));
    });
    this.#redis.on('message', (channel: string) => this.owner.onMessage(channel));
    this.#redis.on('close', () => {
      this.#deadlines.clear();
      this.#fault ??= faultOfSocket(address, new Error(), phaseOf(this.#redis.stream));
      this.owner.onDisconnected(this.#fault);
    });
  }

  /** How long the Sentinels take is not held against the master. */
  async #locate(): Promise<HostAndPort> {
    const address = await (this.#sentinels as Sentinels).locate();
    this.#deadlines.start();
    return address;
  }

  /** Starts connecting, and goes on until {@link close}. Does not wait. */
  open(): void {
    this.#redis.connect().catch(() => {
      // The 'error' and 'close' events have said it already.
    });
  }

  /** The connection has proved to be of use: after its end the pauses begin with the shortest again. */
  settle(): void {
    this.#backoff.reset();
  }

  /** Gives the connection up: what is in flight is refused now, and a new connection is made. */
  drop(fault: MasterError): void {
    this.#fault = fault;
    this.#redis.stream.destroy();
  }

  /** Ends the connection at once and for good, whatever is in flight. */
  async close(): Promise<void> {
    this.#fault = new MasterError(this.address, 'closed', 'the lock was closed');
    this.#deadlines.clear();
    await Promise.all([disconnect(this.#redis), this.#sentinels?.close()]);
  }

  /** Asks the server who it is. */
  async greet(): Promise<ServerInfo> {
    const [info, id] = await Promise.all([
      this.#ifPermitted(this.#send(this.#redis.info())),
      this.#ifPermitted(this.#send(this.#redis.client('ID'))),
    ]);
    if (info !== null && typeof info !== 'string') throw unreadable(this.address, info);
    return readServerInfo(info, wholeIn(id));
  }

  /** Null where the server does not permit it, or has it no more. */
  async #ifPermitted(answer: Promise<unknown>): Promise<unknown> {
    try {
      return await answer;
    } catch (error) {
      if (error instanceof MasterError && isForbidden(error.kind)) return null;
      throw error;
    }
  }

  /** How many slots a node of a cluster serves itself. */
  async ownSlots(): Promise<number> {
    const nodes: unknown = await this.#send(this.#redis.cluster('NODES'));
    if (typeof nodes !== 'string') throw unreadable(this.address, nodes);
    return readOwnSlots(nodes);
  }

  /** Has the server know scripts before they are asked for. Where it does not permit that, it learns each when it is asked. */
  async load(scripts: readonly Script[]): Promise<void> {
    await Promise.all(scripts.map(({ source }) => this.#ifPermitted(this.#send(this.#redis.script('LOAD', source)))));
  }

  /** Ends another connection on the server's side, with all that it has sent and the server has not read yet. */
  async kill(connectionId: number): Promise<void> {
    await this.#send(this.#redis.client('KILL', 'ID', connectionId));
  }

  /**
   * Whether it can be subscribed on: in RESP2 a connection that is subscribed to anything takes no other commands.
   */
  get canSubscribe(): boolean {
    return this.#redis.condition?.protocol === 3;
  }

  async subscribe(channel: string): Promise<void> {
    await this.#send(this.#redis.subscribe(channel));
  }

  async unsubscribe(channel: string): Promise<void> {
    await this.#send(this.#redis.unsubscribe(channel));
  }

  /**
   * @param isWanted asked before the script is sent a second time, when the server has lost it (NOSCRIPT): a release
   *   may have overtaken it, and an acquire that runs after its release is a ghost for a whole ttl
   * @param onLost takes what has become of a script that went down with the connection
   */
  run(
    script: Script,
    numKeys: number,
    args: readonly Argument[],
    isWanted: (mayHaveRun: boolean) => boolean,
    onLost: (fault: MasterError) => unknown = rethrow,
  ): Promise<unknown> {
    const onRefused = (fault: MasterError): unknown => {
      if (fault.kind === 'unknown-command' && /evalsha/i.test(fault.message)) this.runsByName = false;
      else if (!fault.message.startsWith('NOSCRIPT')) throw fault;
      if (!isWanted(false)) throw new MasterError(this.address, 'given-back', 'released before it could run');
      return this.eval(script, numKeys, args);
    };
    if (!this.runsByName) return this.#send(this.#redis.eval(script.source, numKeys, ...args), rethrow, onLost);
    return this.#send(this.#redis.evalsha(script.sha, numKeys, ...args), onRefused, onLost);
  }

  /** The login may not SELECT its database: the connection is in another one, and good only for asking what it may do. */
  get isSelectRefused(): boolean {
    return this.#fault?.kind === 'no-permission';
  }

  /** Who is logged in. */
  get username(): string {
    return this.#redis.options.username ?? 'default';
  }

  /** @returns what a command was refused with for want of a right; null where it was not */
  async refusalOf([name, ...args]: readonly [string, ...Argument[]]): Promise<string | null> {
    try {
      await this.#send(this.#redis.call(name, ...args));
      return null;
    } catch (error) {
      return error instanceof MasterError && error.kind === 'no-permission' ? error.message : null;
    }
  }

  /** Runs a script that the server need not know yet. */
  eval(script: Script, numKeys: number, args: readonly Argument[]): Promise<unknown> {
    return this.#send(this.#redis.eval(script.source, numKeys, ...args));
  }

  /** One system call for all the commands that follow in this turn, where each would have cost its own. */
  gather(): void {
    if (this.#gathered !== null) return;
    this.#gathered = 0;
    const { stream } = this.#redis;
    stream.cork();
    const write = (): void => {
      stream.uncork();
      // However long the turn was: the master is not to be blamed for it.
      this.#deadlines.written(this.#gathered ?? 0);
      this.#gathered = null;
    };
    // Behind all that follows by promises, wherever it began.
    queueMicrotask(() => process.nextTick(write));
  }

  /**
   * @param onRefused takes what the server has answered instead of running the command
   * @param onLost takes what the connection died of before the server had answered
   */
  #send(
    command: Promise<unknown>,
    onRefused: (fault: MasterError) => unknown = rethrow,
    onLost: (fault: MasterError) => unknown = rethrow,
  ): Promise<unknown> {
    this.#deadlines.start();
    // One caller at a time has two commands in flight at most: corking would only delay them.
    if (this.#deadlines.count > 2) this.gather();
    if (this.#gathered !== null) this.#gathered += 1;
    return command.then(this.#onReply, (error: unknown) => {
      if (isReply(error)) {
        this.roundTripMs = this.#deadlines.end();
        const fault = faultOfReply(this.address, error);
        // Another server may be the master by now: where its name leads is looked up with each connection.
        if (isDemoted(fault.kind)) this.drop(fault);
        return onRefused(fault);
      }
      const { kind, message } = this.#faultOf(error);
      return onLost(new MasterError(this.address, kind, message, true));
    });
  }

  readonly #onReply = (reply: unknown): unknown => {
    this.roundTripMs = this.#deadlines.end();
    return reply;
  };

  #faultOf(error: unknown): MasterError {
    if (error instanceof MasterError) return error;
    if (isReply(error)) return faultOfReply(this.address, error);
    // A command that went down with its connection only says so; what the connection died of says why.
    if (this.#fault !== null) return this.#fault;
    // Node's own errors are no instances of the `Error` here where a test runner gives each file a context of its own.
    const known = types.isNativeError(error) ? error : new Error(String(error));
    return faultOfSocket(this.address, known, phaseOf(this.#redis.stream));
  }
}

function rethrow(fault: MasterError): never {
  throw fault;
}

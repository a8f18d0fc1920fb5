import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endWithProcess } from './endWithProcess';
import { freePort } from './freePort';
import { BARE_ARGS, settingsOf, uriOf, type Master, type MasterOptions } from './Master';
import { sendCommand, type Endpoint } from './MasterConnection';
import { removeFolder } from './removeFolder';
import { ReplyError } from './resp';
import { serverBinary } from './masterSource';
import { until } from './until';

const LOG_FILE = 'server.log';
const START_ATTEMPTS = 5;
const START_MS = 10_000;
// Whoever holds the port in the server's place may accept connections and never answer.
const READY_MS = 500;

/** How one redis-server is to be started. */
export interface RedisServerOptions extends MasterOptions {
  /** Defaults to a free port. */
  readonly port?: number;
  /** The path of a redis-server or valkey-server; defaults to the one on the PATH, installed where need be. */
  readonly binary?: string;
}

/** A master as a real process of its own, with its data in a temporary folder that goes with it. */
export class RedisServer implements Master {
  readonly host = '127.0.0.1';
  private readonly folder = mkdtempSync(join(tmpdir(), 'redis-master-'));
  private readonly password: string | undefined;
  private readonly unhook: () => void;
  private child: ChildProcess | null = null;

  private constructor(
    private readonly binary: string,
    readonly port: number,
    private readonly args: readonly string[],
  ) {
    this.password = settingsOf(args).get('requirepass');
    this.unhook = endWithProcess(() => {
      this.child?.kill('SIGKILL');
      removeFolder(this.folder);
    });
  }

  /**
   * Starts a server and resolves when it answers.
   *
   * @throws Error with the end of the server's log when it cannot start, {@link NoMastersError} where no server is or can be
   * installed
   */
  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const binary = options.binary ?? (await serverBinary());
    for (let attempt = 1; ; attempt++) {
      const server = new RedisServer(binary, options.port ?? (await freePort()), options.args ?? []);
      try {
        await server.start();
        return server;
      } catch (error) {
        await server.stop();
        // A free port may be taken by someone else before the server has it.
        const another = options.port === undefined && error instanceof PortTakenError && attempt < START_ATTEMPTS;
        if (!another) throw error;
      }
    }
  }

  get uri(): string {
    return uriOf(this.port, this.password);
  }

  /** The process id of the server; undefined while it is dead. */
  get pid(): number | undefined {
    return this.child?.pid;
  }

  command(...args: readonly (string | number)[]): Promise<unknown> {
    return sendCommand(this.endpoint, args);
  }

  async pause(): Promise<void> {
    this.child?.kill('SIGSTOP');
  }

  async resume(): Promise<void> {
    this.child?.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    const child = this.child;
    if (!child) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  async start(): Promise<void> {
    if (this.child) return;
    const own = ['--port', String(this.port), '--bind', this.host, '--dir', this.folder, '--logfile', LOG_FILE];
    const child = spawn(this.binary, [...own, ...BARE_ARGS, ...this.args], { stdio: 'ignore', cwd: this.folder });
    this.child = child;
    let spawnError: Error | undefined;
    child.once('error', (error) => {
      spawnError = error;
      this.child = null;
    });
    child.once('exit', () => (this.child = null));
    await until(async () => this.pid === undefined || (await this.isReady()), `${this.binary} answers`, START_MS);
    if (this.pid === undefined) throw spawnError ?? this.startFailure();
  }

  async restart(): Promise<void> {
    await this.kill();
    await this.start();
  }

  async restartEmpty(): Promise<void> {
    await this.kill();
    for (const entry of readdirSync(this.folder)) rmSync(join(this.folder, entry), { recursive: true });
    await this.start();
  }

  async stop(): Promise<void> {
    await this.kill();
    this.unhook();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private get endpoint(): Endpoint {
    return { host: this.host, port: this.port, password: this.password };
  }

  /** True when this very process serves the port: another server that took the port first would answer as well. */
  private async isReady(): Promise<boolean> {
    try {
      await sendCommand(this.endpoint, ['PING'], READY_MS);
      return String(await sendCommand(this.endpoint, ['INFO', 'server'], READY_MS)).includes(
        `process_id:${this.pid}\r\n`,
      );
    } catch (error) {
      // What the arguments set up may keep us from asking; whoever refuses is up.
      return error instanceof ReplyError && /^(NOAUTH|WRONGPASS|NOPERM|ERR unknown command)/.test(error.message);
    }
  }

  private startFailure(): Error {
    let log = '';
    try {
      log = readFileSync(join(this.folder, LOG_FILE), 'utf8').trim().split('\n').slice(-5).join('\n');
    } catch {
      // It ended before it could open its log.
    }
    const text = `${this.binary} on port ${this.port} ended at its start:\n${log}`;
    return /address already in use/i.test(log) ? new PortTakenError(text) : new Error(text);
  }
}

class PortTakenError extends Error {}

import { settingsOf, uriOf, type Master, type MasterOptions } from './Master';
import { sendCommand, type Endpoint } from './MasterConnection';
import { TcpProxy } from './TcpProxy';

// A master that is in use belongs to the set that took it until that set stops it.
const taken = new Set<string>();

/**
 * A master that someone else runs. Its process is out of reach, so its faults are played on the way to it, by a proxy
 * that every client goes through. The arguments of a set are put on it as settings, and taken back when it is stopped.
 * What a restart loses is flushed; what it cannot change is the server's `run_id`.
 */
export class GivenMaster implements Master {
  readonly host = '127.0.0.1';
  private state: 'running' | 'dead' | 'stopped' = 'running';
  private password: string | undefined;
  private formerSettings: readonly (readonly [string, string])[] = [];

  private constructor(
    private readonly target: Endpoint,
    private readonly proxy: TcpProxy,
    private readonly settings: ReadonlyMap<string, string>,
  ) {}

  /**
   * Takes the first `count` of `uris` that no other set has, and erases what is in them.
   *
   * @throws Error when there are too few, and for an uri that is more than `redis://host:port`: specs reach masters by
   * host and port, with the passwords that they set themselves
   */
  static async startSet(
    uris: readonly string[],
    count: number,
    { args = [] }: MasterOptions = {},
  ): Promise<readonly GivenMaster[]> {
    const targets = uris.map(parse).filter((target) => !taken.has(nameOf(target)));
    if (targets.length < count) {
      throw new Error(`REDIS_MASTERS: ${count} masters are needed, ${targets.length} of ${uris.length} are free`);
    }
    return Promise.all(targets.slice(0, count).map((target) => GivenMaster.take(target, settingsOf(args))));
  }

  private static async take(target: Endpoint, settings: ReadonlyMap<string, string>): Promise<GivenMaster> {
    taken.add(nameOf(target));
    const master = new GivenMaster(target, await TcpProxy.start(target.port, target.host), settings);
    try {
      await master.erase();
      await master.applySettings();
      return master;
    } catch (error) {
      await master.stop();
      throw error;
    }
  }

  get port(): number {
    return this.proxy.port;
  }

  get uri(): string {
    return uriOf(this.port, this.password);
  }

  command(...args: readonly (string | number)[]): Promise<unknown> {
    return sendCommand({ host: this.host, port: this.port, password: this.password }, args);
  }

  async pause(): Promise<void> {
    if (this.state === 'running') this.proxy.hold();
  }

  async resume(): Promise<void> {
    this.proxy.release();
  }

  async kill(): Promise<void> {
    this.proxy.refuse();
    this.proxy.cut();
    if (this.state === 'running') this.state = 'dead';
  }

  async start(): Promise<void> {
    if (this.state !== 'dead') return;
    if (this.persists) await this.commandTarget('SCRIPT', 'FLUSH');
    else await this.erase();
    this.proxy.pass();
    await this.proxy.accept();
    this.state = 'running';
  }

  async restart(): Promise<void> {
    await this.kill();
    await this.start();
  }

  async restartEmpty(): Promise<void> {
    await this.kill();
    await this.erase();
    await this.start();
  }

  async stop(): Promise<void> {
    if (this.state === 'stopped') return;
    this.state = 'stopped';
    await this.proxy.close();
    taken.delete(nameOf(this.target));
    for (const [name, value] of this.formerSettings) await this.set(name, value);
    await this.erase();
  }

  private get persists(): boolean {
    return this.settings.get('appendonly') === 'yes' || (this.settings.get('save') ?? '') !== '';
  }

  private async applySettings(): Promise<void> {
    for (const [name, value] of this.settings) {
      const former = (await this.commandTarget('CONFIG', 'GET', name)) as readonly string[];
      if (former[1] === undefined) throw new Error(`REDIS_MASTERS: a running master has no setting ${name}`);
      this.formerSettings = [[name, former[1]], ...this.formerSettings];
      await this.set(name, value);
    }
  }

  private async set(name: string, value: string): Promise<void> {
    await this.commandTarget('CONFIG', 'SET', name, value);
    if (name === 'requirepass') this.password = value === '' ? undefined : value;
  }

  private async erase(): Promise<void> {
    await this.commandTarget('FLUSHALL');
    await this.commandTarget('SCRIPT', 'FLUSH');
  }

  /** Past the proxy, whatever fault it plays. */
  private commandTarget(...args: readonly string[]): Promise<unknown> {
    return sendCommand({ ...this.target, password: this.password }, args);
  }
}

function parse(uri: string): Endpoint {
  const url = URL.canParse(uri) ? new URL(uri) : null;
  const isPlain = url?.protocol === 'redis:' && url.hostname !== '' && /^\/?0?$/.test(url.pathname);
  if (!url || !isPlain || url.username !== '' || url.password !== '') {
    throw new Error('REDIS_MASTERS takes uris of the form redis://host:port, without user, password and database');
  }
  return { host: url.hostname, port: Number(url.port || 6379) };
}

function nameOf(target: Endpoint): string {
  return `${target.host}:${target.port}`;
}

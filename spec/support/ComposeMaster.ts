import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { execCompose, pauseOne, ps, rm, unpauseOne, upMany, type IDockerComposeOptions } from 'docker-compose';
import { endWithProcess } from './endWithProcess';
import { freePort } from './freePort';
import { settingsOf, uriOf, type Master, type MasterOptions } from './Master';
import { sendCommand } from './MasterConnection';
import { until } from './until';

const FILE = join(__dirname, '../../docker/docker-compose.test.yml');
// One project for this process: runs side by side, and a stack for development, never share a container.
const PROJECT = `redlock-test-${process.pid}`;
// A service that is in use belongs to the set that took it until that set stops it.
const freeServices = new Set([1, 2, 3, 4, 5]);

/** A master in a container of docker/docker-compose.test.yml. Its faults are played by Compose on the container. */
export class ComposeMaster implements Master {
  readonly host = '127.0.0.1';
  private readonly password: string | undefined;
  private state: 'running' | 'paused' | 'dead' | 'stopped' = 'running';

  private constructor(
    private readonly index: number,
    readonly port: number,
    private readonly args: readonly string[],
  ) {
    this.password = settingsOf(args).get('requirepass');
  }

  /** Whether Docker Compose is there and an engine answers it. */
  static async answers(): Promise<boolean> {
    try {
      await ps(options());
      return true;
    } catch {
      return false;
    }
  }

  /** Starts `count` masters by one `up` and resolves when they are healthy. */
  static async startSet(count: number, { args = [] }: MasterOptions = {}): Promise<readonly ComposeMaster[]> {
    const indexes = [...freeServices].slice(0, count);
    if (indexes.length < count) throw new Error(`${FILE} has ${freeServices.size} masters free, ${count} are needed`);
    hookProcessEnd();
    for (const index of indexes) freeServices.delete(index);
    const masters = await Promise.all(indexes.map(async (index) => new ComposeMaster(index, await freePort(), args)));
    await up(masters);
    return masters;
  }

  get uri(): string {
    return uriOf(this.port, this.password);
  }

  get service(): string {
    return `master-${this.index}`;
  }

  /** What the Compose file takes for this master. */
  get environment(): Readonly<Record<string, string>> {
    const quoted = this.args.map((arg) => `'${arg.replaceAll("'", `'"'"'`)}'`);
    return {
      [`MASTER_${this.index}_PORT`]: String(this.port),
      [`MASTER_${this.index}_ARGS`]: quoted.join(' '),
    };
  }

  command(...args: readonly (string | number)[]): Promise<unknown> {
    return sendCommand({ host: this.host, port: this.port, password: this.password }, args);
  }

  async pause(): Promise<void> {
    if (this.state !== 'running') return;
    await told(pauseOne(this.service, options()));
    this.state = 'paused';
  }

  async resume(): Promise<void> {
    if (this.state !== 'paused') return;
    await told(unpauseOne(this.service, options()));
    this.state = 'running';
  }

  async kill(): Promise<void> {
    if (this.state !== 'running' && this.state !== 'paused') return;
    await told(execCompose('kill', ['-s', 'SIGKILL', this.service], options()));
    this.state = 'dead';
  }

  async start(): Promise<void> {
    if (this.state !== 'dead') return;
    await told(execCompose('start', [this.service], options()));
    await until(async () => (await this.command('PING')) === 'PONG', `${this.service} answers`, 20_000);
    this.state = 'running';
  }

  async restart(): Promise<void> {
    await this.kill();
    await this.start();
  }

  async restartEmpty(): Promise<void> {
    await this.remove();
    await up([this]);
    this.state = 'running';
  }

  async stop(): Promise<void> {
    if (this.state === 'stopped') return;
    await this.remove();
    this.state = 'stopped';
    freeServices.add(this.index);
  }

  /** Its volume goes with the container, and with the volume what it had persisted. */
  private async remove(): Promise<void> {
    await this.kill();
    await told(rm({ ...options(), commandOptions: ['-v'] }, this.service));
  }
}

async function up(masters: readonly ComposeMaster[]): Promise<void> {
  const environment = Object.assign({}, ...masters.map((master) => master.environment)) as Record<string, string>;
  const services = masters.map((master) => master.service);
  await told(upMany(services, { ...options(environment), commandOptions: ['--wait'] }));
}

function options(environment: Readonly<Record<string, string>> = {}): IDockerComposeOptions {
  return { config: FILE, composeOptions: ['-p', PROJECT], env: { ...process.env, ...environment } };
}

/** The package rejects with the result of the command, which is no Error. */
async function told(command: Promise<unknown>): Promise<void> {
  try {
    await command;
  } catch (result) {
    const said = result instanceof Error ? result.message : (result as { readonly err: string }).err;
    throw new Error(`docker compose failed: ${said}`, { cause: result });
  }
}

let hooked = false;
function hookProcessEnd(): void {
  if (hooked) return;
  hooked = true;
  endWithProcess(() => {
    spawnSync('docker', ['compose', '-p', PROJECT, '-f', FILE, 'down', '-v', '-t', '0'], { stdio: 'ignore' });
  });
}

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RedisServer } from './RedisServer';
import { serverBinary } from './masterSource';

/** What a group is watched for. */
export interface Watched {
  readonly name: string;
  readonly port: number;
  /** How many Sentinels have to find the master dead. */
  readonly quorum: number;
  /** The password of the group's servers. */
  readonly password?: string;
}

/** A Sentinel as a real process of its own. */
export class SentinelServer {
  private constructor(
    private readonly folder: string,
    private readonly server: RedisServer,
  ) {}

  /** @param lines what stands in its configuration, beside what it is told to watch */
  static async start(groups: readonly Watched[], lines: readonly string[] = []): Promise<SentinelServer> {
    const folder = mkdtempSync(join(tmpdir(), 'sentinel-'));
    // A Sentinel writes into its configuration, and takes few of a master's arguments: of these the port.
    const [config, binary] = [join(folder, 'sentinel.conf'), join(folder, 'sentinel')];
    writeFileSync(config, ['bind 127.0.0.1', ...groups.flatMap(settingsFor), ...lines, ''].join('\n'));
    const exec = `exec ${await serverBinary()} ${config} --port "$2" --sentinel`;
    writeFileSync(binary, `#!/bin/sh\n${exec}\n`, { mode: 0o755 });
    return new SentinelServer(folder, await RedisServer.start({ binary }));
  }

  get port(): number {
    return this.server.port;
  }

  command(...args: readonly (string | number)[]): Promise<unknown> {
    return this.server.command(...args);
  }

  /** Freezes it: connections stay open, nothing answers. */
  pause(): Promise<void> {
    return this.server.pause();
  }

  resume(): Promise<void> {
    return this.server.resume();
  }

  kill(): Promise<void> {
    return this.server.kill();
  }

  /** Brings a dead one back with what it knew. Does nothing where it runs. */
  start(): Promise<void> {
    return this.server.start();
  }

  async stop(): Promise<void> {
    await this.server.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A master counts as dead soon, and a failover that came to nothing may be followed by the next one soon. */
function settingsFor({ name, port, quorum, password }: Watched): readonly string[] {
  return [
    `sentinel monitor ${name} 127.0.0.1 ${port} ${quorum}`,
    `sentinel down-after-milliseconds ${name} 500`,
    `sentinel failover-timeout ${name} 3000`,
    ...(password === undefined ? [] : [`sentinel auth-pass ${name} ${password}`]),
  ];
}

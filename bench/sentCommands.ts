import { Redis } from 'ioredis';
import type { Master } from '../spec/support/Master';

/** Asked by the bench itself. */
const OWN = 'info';

/** How many of the calls of a command its clients sent, by name; the others were made by scripts. */
export type SentShares = ReadonlyMap<string, number>;

/**
 * A server's own counts tell no command that a client sent from one that a script ran. MONITOR does, and slows the
 * server down: so it looks at a short sample, while `sample` runs.
 */
export async function sentShares({ host, port }: Master, sample: () => Promise<unknown>): Promise<SentShares> {
  const calls = new Map<string, { sent: number; all: number }>();
  const client = new Redis({ host, port, protocol: 2 });
  try {
    const monitor = await client.monitor();
    monitor.on('monitor', (_time: string, [command = '']: readonly string[], source: string) => {
      const name = command.toLowerCase();
      const call = calls.get(name) ?? { sent: 0, all: 0 };
      calls.set(name, { sent: call.sent + (source === 'lua' ? 0 : 1), all: call.all + 1 });
    });
    try {
      await sample();
    } finally {
      monitor.disconnect();
    }
  } finally {
    client.disconnect();
  }
  return new Map([...calls].map(([name, { sent, all }]) => [name, sent / all]));
}

/** How many commands the clients of the masters have sent to all of them together, by the servers' own counts. */
export async function commandsSent(masters: readonly Master[], shares: SentShares): Promise<number> {
  const infos = await Promise.all(masters.map((master) => master.command('INFO', 'commandstats')));
  let sent = 0;
  for (const [, name = '', calls] of infos.join('\n').matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)) {
    if (name !== OWN) sent += Number(calls) * (shares.get(name) ?? 1);
  }
  return sent;
}

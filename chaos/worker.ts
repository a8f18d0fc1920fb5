import { setTimeout as sleep } from 'node:timers/promises';
import { RedisLock } from '../lib/index';
import { nowMs } from './clock';
import { Contender } from './Contender';
import { KEY_PREFIX } from './keys';
import type { Job, Order, Report } from './messages';
import { Random } from './Random';
import { WorkerLog } from './WorkerLog';

const RETRY_MS = 20;
const POLL_MS = 20;

async function main({ name, seed, log, connections, timing }: Job): Promise<void> {
  let isStopping = false;
  let isAskedForService = false;
  process.on('message', (order: Order) => {
    if (order.kind === 'stop') isStopping = true;
    else isAskedForService = true;
  });
  const lock = new RedisLock();
  lock.configure({
    connections,
    options: {
      key_prefix: KEY_PREFIX,
      node_timeout: timing.nodeTimeoutMs,
      connect_timeout: timing.connectTimeoutMs,
      restart_guard: timing.restartGuardMs,
      retry_timeout: RETRY_MS,
    },
  });
  const random = (purpose: string): Random => new Random(seed, name, purpose);
  const contender = new Contender(name, lock, new WorkerLog(log), timing, random('contend'));
  while (!isStopping && !(await contender.open())) await sleep(RETRY_MS);
  tell({ kind: 'open', atMs: nowMs() });

  const repeat = async (act: () => Promise<void>, longestPauseMs: number): Promise<void> => {
    const pauses = random(`pause ${longestPauseMs}`);
    while (!isStopping) {
      await act();
      await sleep(pauses.whole(0, longestPauseMs));
    }
  };
  const reportService = async (): Promise<void> => {
    while (!isStopping && !(isAskedForService && isServed(lock))) await sleep(POLL_MS);
    if (!isStopping) tell({ kind: 'served' });
  };
  await Promise.all([repeat(() => contender.work(), 20), repeat(() => contender.probe(), 60), reportService()]);
  // What is under way settles first, and is taken back where it was lost: a closed lock cannot do that any more. The links
  // stand still whenever the process that they are in does.
  await sleep(2 * timing.nodeTimeoutMs);
  while (!isServed(lock)) await sleep(POLL_MS);
  await contender.close();
}

/** Whether every master is there and has its vote: so also, whether everything owed to it was taken back. */
function isServed(lock: RedisLock): boolean {
  return lock.getStatus().masters.every(({ state }) => state === 'ready');
}

function tell(report: Report): void {
  if (process.connected) process.send?.(report);
}

// Whoever started this process has gone: nobody would end it any more.
const endToo = (): never => process.exit(1);
process.once('disconnect', endToo);

void main(JSON.parse(process.argv[2] ?? '') as Job).finally(() => {
  // From here on the process has to end by itself: a lock that is closed leaves nothing that keeps it alive.
  process.off('disconnect', endToo);
  process.disconnect();
});

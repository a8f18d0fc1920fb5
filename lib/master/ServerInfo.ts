/** What a server says of itself when it is connected to. */
export interface ServerInfo {
  /** Whether it was permitted to ask. */
  readonly saysWhoItIs: boolean;
  /**
   * Names one run of one server: another after every restart, the same behind every name that leads to it. Empty where
   * the server does not say.
   */
  readonly runId: string;
  /** For how long it has been running; null where it does not say. */
  readonly uptimeS: number | null;
  readonly isReplica: boolean;
  /** It refuses writes while too few replicas follow it, as one does that was cut off from all others. */
  readonly needsReplicas: boolean;
  /** Its data set is not in memory yet. */
  readonly isLoading: boolean;
  /** What it does at its memory limit; anything but `noeviction` may drop a lock. */
  readonly maxmemoryPolicy: string;
  readonly isSentinel: boolean;
  /** A node of a Redis Cluster. */
  readonly isClustered: boolean;
  /** Which of its connections this one is; null where it does not say. */
  readonly connectionId: number | null;
}

/** How many slots a Redis Cluster has. */
export const CLUSTER_SLOTS = 16384;

/** Reads the answer to CLUSTER NODES: how many slots the node that answers serves itself. */
export function readOwnSlots(nodes: string): number {
  const own = nodes.split('\n').find((line) => line.split(' ')[2]?.split(',').includes('myself')) ?? '';
  // Slots that are being moved stand in brackets.
  const ranges = own
    .split(' ')
    .slice(8)
    .filter((range) => /^\d/.test(range));
  return ranges.reduce((sum, range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return sum + last - first + 1;
  }, 0);
}

/** Reads the answers to INFO and CLIENT ID; each is null where it was not permitted. */
export function readServerInfo(info: string | null, connectionId: number | null): ServerInfo {
  const fields = new Map(
    (info ?? '').split('\r\n').map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1)] as const;
    }),
  );
  return {
    saysWhoItIs: info !== null,
    // It goes into scripts: whatever a server may say, it is a word.
    runId: (fields.get('run_id') ?? '').replaceAll(/\W/g, ''),
    uptimeS: /^\d+$/.test(fields.get('uptime_in_seconds') ?? '') ? Number(fields.get('uptime_in_seconds')) : null,
    isReplica: fields.get('role') === 'slave',
    // Told only where both min-replicas-to-write and min-replicas-max-lag are set.
    needsReplicas: fields.has('min_slaves_good_slaves'),
    isLoading: fields.get('loading') === '1',
    maxmemoryPolicy: fields.get('maxmemory_policy') ?? 'noeviction',
    isSentinel: fields.get('redis_mode') === 'sentinel',
    isClustered: fields.get('cluster_enabled') === '1',
    connectionId,
  };
}

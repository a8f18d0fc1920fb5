/** What a server says of itself when it is connected to. */
export interface ServerInfo {
  /** Names one run of one server: another after every restart, the same behind every name that leads to it. */
  readonly runId: string;
  readonly isReplica: boolean;
  /** Its data set is not in memory yet. */
  readonly isLoading: boolean;
  /** What it does at its memory limit; anything but `noeviction` may drop a lock. */
  readonly maxmemoryPolicy: string;
  /** Which of its connections this one is. */
  readonly connectionId: number;
}

/** Reads the answers to INFO and CLIENT ID. */
export function readServerInfo(info: string, connectionId: number): ServerInfo {
  const fields = new Map(
    info.split('\r\n').map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1)] as const;
    }),
  );
  return {
    // It goes into scripts: whatever a server may say, it is a word.
    runId: (fields.get('run_id') ?? '').replaceAll(/\W/g, ''),
    isReplica: fields.get('role') === 'slave',
    isLoading: fields.get('loading') === '1',
    maxmemoryPolicy: fields.get('maxmemory_policy') ?? 'noeviction',
    connectionId,
  };
}

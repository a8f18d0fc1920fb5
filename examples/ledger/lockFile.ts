import { writeFileSync } from 'node:fs';

/** Where a master listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Writes the one configuration that every worker reads: the number of `connections` is what makes the quorum. */
export function writeLockFile(file: string, connections: readonly Address[]): void {
  const options = {
    // The longest ttl that the workers ask for: by then whatever a restarted master forgot is over, and it may vote.
    restart_guard: 5000,
  };
  writeFileSync(file, JSON.stringify({ connections: connections.map(({ host, port }) => ({ host, port })), options }));
}

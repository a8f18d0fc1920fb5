import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { MasterConnection } from '../../support/MasterConnection';
import { RedisServer } from '../../support/RedisServer';
import { TcpProxy } from '../../support/TcpProxy';
import { until } from '../../support/until';

/** Of the user `app`. */
export const PASSWORD = 'faults';
export const NODE_TIMEOUT_MS = 400;

/** A connection that was idle is given a third of the time for its first answer. */
const SILENT = new RegExp(`silent \\(no answer within (?:${NODE_TIMEOUT_MS}|${Math.ceil(NODE_TIMEOUT_MS / 3)}) ms\\)`);

/** One master, how the lock reaches it, and a connection that is there whatever fault it has. */
export interface Patient {
  readonly server: RedisServer;
  readonly proxy: TcpProxy;
  readonly admin: MasterConnection;
}

/** What goes wrong with a master, and the kind of the vote that is lost. */
export interface Fault {
  readonly title: string;
  /** As a NO_QUORUM names it: the kind, and how the reason begins. */
  readonly named: RegExp;
  readonly play: (patient: Patient) => unknown;
  /** Whether the lock has to find out by its own attempts, or by losing its connection. */
  readonly isSeenBy: 'asking' | 'connecting';
  readonly mend: (patient: Patient) => unknown;
}

const setting = (name: string, value: string | number, mended: string | number): Pick<Fault, 'play' | 'mend'> => ({
  play: ({ admin }) => admin.call('CONFIG', 'SET', name, value),
  mend: ({ admin }) => admin.call('CONFIG', 'SET', name, mended),
});
const rights = (rule: string, mended: string): Pick<Fault, 'play' | 'mend'> => ({
  play: ({ admin }) => admin.call('ACL', 'SETUSER', 'app', rule),
  mend: ({ admin }) => admin.call('ACL', 'SETUSER', 'app', 'resetpass', `>${PASSWORD}`, mended),
});
const network = (play: (proxy: TcpProxy) => void): Pick<Fault, 'play' | 'mend'> => ({
  play: ({ proxy }) => play(proxy),
  mend: async ({ proxy }) => {
    proxy.pass();
    await proxy.accept();
  },
});
/** Everybody but us has to connect anew. */
export const cut = ({ admin }: Patient): Promise<unknown> =>
  admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
/** A folder stands where the snapshot should go. */
const snapshotOf = async ({ admin }: Patient): Promise<string> => {
  const [, folder] = (await admin.call('CONFIG', 'GET', 'dir')) as readonly string[];
  return join(folder ?? '', 'dump.rdb');
};
const snapshotIs = async ({ admin }: Patient, status: 'ok' | 'err'): Promise<void> => {
  await admin.call('BGSAVE');
  const isSo = async (): Promise<boolean> => {
    const info = String(await admin.call('INFO', 'persistence'));
    return info.includes('rdb_bgsave_in_progress:0') && info.includes(`rdb_last_bgsave_status:${status}`);
  };
  await until(isSo, `the snapshot is ${status}`);
};

/** The faults that a master may catch and get over while a lock is open. */
export const FAULTS: readonly Fault[] = [
  {
    title: 'is slow',
    named: SILENT,
    isSeenBy: 'asking',
    ...network((proxy) => proxy.delay(2 * NODE_TIMEOUT_MS)),
  },
  {
    title: 'is behind a black hole that keeps what it gets',
    named: SILENT,
    isSeenBy: 'asking',
    ...network((proxy) => proxy.hold()),
  },
  {
    title: 'is behind a black hole that forgets what it gets',
    named: SILENT,
    isSeenBy: 'asking',
    ...network((proxy) => proxy.drop()),
  },
  {
    title: 'has gone and left the connection half open',
    named: SILENT,
    isSeenBy: 'asking',
    ...network((proxy) => proxy.halfOpen()),
  },
  {
    title: 'refuses connections',
    named: /unreachable \(connect ECONNREFUSED/,
    isSeenBy: 'connecting',
    ...network((proxy) => {
      proxy.refuse();
      proxy.cut();
    }),
  },
  {
    title: 'is at its limit of clients',
    named: /too-many-clients \(ERR max number of clients reached\)/,
    isSeenBy: 'connecting',
    ...setting('maxclients', 1, 1000),
  },
  {
    title: 'cannot write its snapshots',
    named: /not-persisting \(MISCONF /,
    isSeenBy: 'asking',
    play: async (patient) => {
      const snapshot = await snapshotOf(patient);
      rmSync(snapshot, { force: true });
      mkdirSync(snapshot);
      await snapshotIs(patient, 'err');
    },
    mend: async (patient) => {
      rmSync(await snapshotOf(patient), { recursive: true });
      await snapshotIs(patient, 'ok');
    },
  },
  {
    title: 'was demoted to a replica',
    named: /read-only \(READONLY /,
    isSeenBy: 'asking',
    play: ({ admin }) => admin.call('REPLICAOF', '127.0.0.1', 1),
    mend: ({ admin }) => admin.call('REPLICAOF', 'NO', 'ONE'),
  },
  {
    title: 'is out of memory',
    named: /out-of-memory \(OOM /,
    isSeenBy: 'asking',
    ...setting('maxmemory', 1, 0),
  },
  {
    title: 'does not permit the scripts any more',
    named: /no-permission \(NOPERM [^;]*'evalsha'/,
    isSeenBy: 'asking',
    ...rights('-evalsha', '+evalsha'),
  },
  {
    title: 'does not permit what the scripts do any more',
    named: /no-permission \((?:ERR )?(?:The user executing the script can't|ACL failure in script)/,
    isSeenBy: 'asking',
    ...rights('-set', '+set'),
  },
  {
    title: 'has another password now',
    named: /wrong-password \(WRONGPASS /,
    isSeenBy: 'connecting',
    ...rights('resetpass', 'on'),
  },
  {
    title: 'has other data under the key',
    named: /foreign-key \("key" holds a hash, no lock\)/,
    isSeenBy: 'asking',
    play: ({ admin }) => admin.call('HSET', 'key', 'field', 'value'),
    mend: ({ admin }) => admin.call('DEL', 'key'),
  },
];

/** Starts a master with a user `app`, who may do everything. */
export async function startPatient(): Promise<Patient> {
  const user = ['--user', 'app', 'on', `>${PASSWORD}`, '~*', '&*', '+@all'];
  // Save points, or a snapshot that failed would be nobody's concern; too far away to be reached by themselves.
  const server = await RedisServer.start({ args: ['--save', '3600', '100000', ...user] });
  return {
    server,
    proxy: await TcpProxy.start(server.port),
    admin: await MasterConnection.open({ host: server.host, port: server.port }),
  };
}

import { isBeingLookedUp } from './lookUp';
import { types } from 'node:util';
import {
  describeTlsError,
  ENDED_IN,
  isOpenSsl,
  isTlsAnswer,
  SILENT_IN_HANDSHAKE,
  type SocketPhase,
  TLS_ANSWER,
} from './tlsFault';

/**
 * Why a master cast no vote. Each kind asks for another remedy, so they are never folded together.
 *
 * - `silent`: connected, but did not answer within `options.node_timeout`
 * - `unreachable`: refused, reset, timed out while connecting, or its name does not resolve
 * - `certificate`: TLS could not be agreed on
 * - `closed`: this side has closed the connection
 * - `loading`: restarting, its data set is not in memory yet
 * - `wrong-password`, `no-password`, `no-permission`: the credential is wrong, missing, or has too few rights
 * - `read-only`: a replica, or a master that a failover has demoted
 * - `not-persisting`: refuses writes, since its snapshots fail (MISCONF)
 * - `out-of-memory`, `too-many-clients`: at a limit of its own
 * - `foreign-key`: the key holds data that is no lock
 * - `given-back`: the token was released before the master had run its acquire
 * - `not-held`: has nothing to release, since it had refused the lock
 * - `late`: granted, but with no validity left
 * - `replica`: a replica, so not a master of its own
 * - `failover`: the master that its Sentinels name is another one now, or is no master yet
 * - `unknown-master`: its Sentinels know no master of that name
 * - `duplicate`: the same server as another of the masters
 * - `unadmitted`: may have lost its memory, and cannot tell yet whether it has
 * - `quarantined`: has lost its memory, and must not vote until all that it may have forgotten is over
 * - `unfenced`: did not accept the number that was to be the fencing token
 * - `indebted`: may hold locks that have no owner, more than could be remembered
 * - `not-asked`: this process had so many rounds under way that the call's time was up before its turn
 * - `cluster-shard`: a node of a Redis Cluster that does not serve every key
 * - `cross-slot`: keys that a cluster node takes together only where they share a hash tag
 * - `sentinel`: a Sentinel, which names masters and is none
 * - `no-sentinel`: none of the Sentinels that are to name the master is one
 * - `not-redis`: something that does not speak Redis's protocol
 * - `unknown-command`: a command was taken away from it, or it is too old to have it
 * - `too-few-replicas`: refuses writes, since too few replicas follow it (NOREPLICAS)
 * - `unexpected`: anything else; the message says what
 */
export type FaultKind =
  | 'silent'
  | 'unreachable'
  | 'certificate'
  | 'closed'
  | 'loading'
  | 'wrong-password'
  | 'no-password'
  | 'no-permission'
  | 'read-only'
  | 'not-persisting'
  | 'out-of-memory'
  | 'too-many-clients'
  | 'foreign-key'
  | 'given-back'
  | 'not-held'
  | 'late'
  | 'replica'
  | 'failover'
  | 'unknown-master'
  | 'duplicate'
  | 'unadmitted'
  | 'quarantined'
  | 'unfenced'
  | 'indebted'
  | 'not-asked'
  | 'cluster-shard'
  | 'cross-slot'
  | 'sentinel'
  | 'no-sentinel'
  | 'not-redis'
  | 'unknown-command'
  | 'too-few-replicas'
  | 'unexpected';

/**
 * The one error class that a master rejects with. `redlock` never settles when a client rejects with anything
 * that is not an `Error` of its own realm, so nothing else may leave a master.
 */
export class MasterError extends Error {
  override readonly name = 'MasterError';
  /** When it happened, in ms since 1970 by the clock of this process. */
  readonly atMs!: number;

  constructor(
    /** The master, as details and the status show it. */
    readonly address: string,
    readonly kind: FaultKind,
    message: string,
    /** The command was sent, and nobody knows whether the master has run it, or will. */
    readonly mayHaveRun = false,
  ) {
    super(message);
    // Beside what it says, and not to be listed with it.
    Object.defineProperty(this, 'atMs', { value: Date.now() });
  }
}

/** Redis puts the kind of an error into the first word of its reply. */
const REPLY_KINDS: Readonly<Record<string, FaultKind>> = {
  LOADING: 'loading',
  WRONGPASS: 'wrong-password',
  NOAUTH: 'no-password',
  NOPERM: 'no-permission',
  READONLY: 'read-only',
  MASTERDOWN: 'read-only',
  MISCONF: 'not-persisting',
  OOM: 'out-of-memory',
  WRONGTYPE: 'foreign-key',
  NOREPLICAS: 'too-few-replicas',
  MOVED: 'cluster-shard',
  ASK: 'cluster-shard',
  CLUSTERDOWN: 'cluster-shard',
  CROSSSLOT: 'cross-slot',
};

/** Where in which script an error came up: Redis 7 and later say it behind the error, Redis 6 before it. */
const SCRIPT_NOISE =
  / script: [0-9a-f]{40}, ?on @user_script:\d+\.?$|^ERR Error running script \(call to f_[0-9a-f]{40}\): (?:@user_script: ?\d+: )*-?/g;

/** A script that lacks a right is refused without NOPERM, and in other words with each generation of Redis. */
const NO_RIGHTS_IN_SCRIPT = /ACL failure in script|The user executing the script can't/;

const UNKNOWN_COMMAND = /unknown (sub|redis )?command/i;

/** What only a change of the configuration or of the server's can mend, so that waiting for it is in vain. */
const FINAL: readonly FaultKind[] = [
  'wrong-password',
  'no-password',
  'no-permission',
  'certificate',
  'replica',
  'unknown-master',
  'unknown-command',
  'duplicate',
  'cluster-shard',
  'sentinel',
  'no-sentinel',
  'not-redis',
];

/** Whether a command is not permitted, or not there at all. */
export function isForbidden(kind: FaultKind): boolean {
  return kind === 'no-permission' || kind === 'unknown-command';
}

/** Whether another password may help. */
export function isAboutPassword(kind: FaultKind): boolean {
  return kind === 'wrong-password' || kind === 'no-password';
}

/** Whether a server that was a master is none now, for a while or for good. */
export function isDemoted(kind: FaultKind): boolean {
  return kind === 'read-only' || kind === 'loading';
}

/** Whether waiting cannot mend it. */
export function isFinal(kind: FaultKind): boolean {
  return FINAL.includes(kind);
}

/** Where Redis refuses for want of a right: whether that is the right to a key or a channel, and not the one to a command. */
export function isAboutKeys(refusal: string): boolean {
  return /access (?:a|(?:at least )?one of the) (?:key|channel)/.test(refusal);
}

/** What Redis answered, sorted by kind. Lua puts its own text around an error, and ACL words some differently. */
export function faultOfReply(address: string, reply: Error): MasterError {
  // Of a command that it does not know, Redis repeats the arguments: a password, or a lock's token.
  const message = reply.message.replace(/,? with args beginning with.*/s, '').replace(SCRIPT_NOISE, '');
  const word = /^(?:ERR )?([A-Z]+)/.exec(message)?.[1] ?? '';
  if (message.includes('max number of clients')) return new MasterError(address, 'too-many-clients', message);
  if (NO_RIGHTS_IN_SCRIPT.test(message)) return new MasterError(address, 'no-permission', message);
  if (UNKNOWN_COMMAND.test(message)) return new MasterError(address, 'unknown-command', message);
  if (message.includes('invalid password')) return new MasterError(address, 'wrong-password', message);
  // Redis answers HELLO with a paragraph on its arguments.
  if (word === 'NOAUTH') return new MasterError(address, 'no-password', 'NOAUTH Authentication required.');
  return new MasterError(address, REPLY_KINDS[word] ?? 'unexpected', message);
}

/** How ioredis ends what it says of bytes that are not Redis's protocol. */
const UNREADABLE = 'Please report this.';

/** How ioredis begins what it says of an answer to nothing. */
const UNASKED = 'Command queue state error';

const CERTIFICATE = /CERT|TLS|SSL|ISSUER|SELF_SIGNED|UNABLE_TO_/;

/**
 * What the socket died of, sorted by kind. What ioredis says of a socket that just closed has no code.
 *
 * @param phase how far the socket had come; null where the server had answered, or had not been reached
 */
export function faultOfSocket(address: string, error: Error, phase: SocketPhase | null = null): MasterError {
  if (error.message.endsWith(UNREADABLE)) {
    return new MasterError(address, 'not-redis', isTlsAnswer(error) ? TLS_ANSWER : 'does not speak Redis');
  }
  if (error.message.startsWith(UNASKED)) {
    return new MasterError(address, 'not-redis', 'answers what it was not asked');
  }
  const { code } = error as NodeJS.ErrnoException;
  if (isOpenSsl(error) || (code !== undefined && CERTIFICATE.test(code))) {
    return new MasterError(address, 'certificate', describeTlsError(error));
  }
  const [, name = ''] = /^(.*):\d+$/.exec(address) ?? [];
  if (code === 'ETIMEDOUT' && isBeingLookedUp(name)) {
    return new MasterError(address, 'unreachable', `the name ${name} is still being looked up`);
  }
  if (phase === 'tls-handshake' && code === 'ETIMEDOUT') {
    return new MasterError(address, 'unreachable', SILENT_IN_HANDSHAKE);
  }
  if (phase !== null) return new MasterError(address, 'unreachable', ENDED_IN[phase]);
  if (code === undefined) return new MasterError(address, 'unreachable', 'the connection was closed');
  // Several addresses of one name were tried: the first failure stands for all, an AggregateError has no message.
  const { errors } = error as Partial<AggregateError>;
  const first: unknown = Array.isArray(errors) ? errors[0] : error;
  return new MasterError(address, 'unreachable', types.isNativeError(first) ? first.message : String(first));
}

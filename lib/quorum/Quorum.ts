import { ConfigException, type ApplicationException } from 'pip-services4-commons-node';
import type { LockOptions } from '../config/LockOptions';
import type { MasterEndpoint } from '../config/MasterEndpoint';
import { traceIdOf, type ContextLike } from '../contract/Context';
import { ErrorCode } from '../contract/ErrorCode';
import { afterLastLook } from '../time/afterLastLook';
import { Master, type Ask, type MasterOwner } from '../master/Master';
import { isFinal, MasterError, type FaultKind } from '../master/MasterError';
import type { MasterState } from '../master/MasterState';
import type { MasterScripts, RightsProbe } from '../master/Preparation';
import type { ServerInfo } from '../master/ServerInfo';
import type { Observer } from '../observe/Observer';
import { Admission } from './Admission';
import { Fencing } from './Fencing';
import type { Refused } from './Hold';
import { describeFault, noQuorum, type Said, type Voters } from './noQuorum';
import { rightsProbe } from './rights';
import { Rounds } from './Rounds';
import { systemClock, systemMicros } from './Stopwatch';
import { VoteChanges } from './VoteChanges';
import type { Answer } from './Votes';

/** What a connection may lead to that is no master of its own. */
const NO_MASTERS: readonly FaultKind[] = ['replica', 'cluster-shard', 'sentinel', 'not-redis'];

/** A wait for the masters is cut into spans of so many ms, so that a stall of this process shows. */
const NAP_MS = 50;

/** One that took so many times its length shows a stall. A process that is merely busy waits no longer for that. */
const STALL = 4;

/** By how much the end of a quarantine may differ between this process and the master, in ms. */
const CLOCK_DIFFERENCE_MS = 50;

/** The masters as one voter: connected to, admitted, and asked in rounds. */
export class Quorum implements MasterOwner, Voters {
  readonly masters: readonly Master[];
  readonly rounds: Rounds;
  readonly fencing: Fencing;
  /** Null where the restart guard is off. */
  readonly #admission: Admission | null;
  readonly #newProbe: () => RightsProbe;
  /** The masters that are connected to, by the run of the server behind each. */
  readonly #present = new Map<string, Master>();
  /** The runs that were warned of: a master that comes and goes would fill the log. */
  readonly #evicting = new Set<string>();
  /** The groups that were warned of, since their masters need no replica. */
  readonly #unfollowed = new Set<Master>();
  readonly #voteChanges: VoteChanges;
  #onState = (): void => {};

  /**
   * @param size how many masters have to agree
   * @param observer is told how each master fares
   */
  constructor(
    endpoints: readonly MasterEndpoint[],
    readonly size: number,
    private readonly options: LockOptions,
    private readonly observer: Observer,
  ) {
    this.masters = endpoints.map((endpoint) => new Master(endpoint, options.nodeTimeoutMs, this));
    this.#voteChanges = new VoteChanges(observer, (master) => this.quarantineMs(master));
    const isGuarded = options.restartGuardMs > 0;
    this.#admission = isGuarded ? new Admission(this.masters, size, options.restartGuardMs) : null;
    const settings = {
      driftFactor: options.driftFactor,
      retryCount: options.retries,
      retryDelay: options.retryTimeoutMs,
      retryJitter: options.retryJitterMs,
      nodeTimeoutMs: options.nodeTimeoutMs,
    };
    // The only master there is can be in no quorum with one that remembers: it is admitted, and not asked to prove it.
    const isProved = isGuarded && endpoints.length > 1;
    const scripts = { isGuarded: isProved, isNotifying: options.notify };
    this.rounds = new Rounds(this.masters, size, settings, scripts, systemClock);
    this.fencing = new Fencing(this.rounds, this.masters, size, systemMicros);
    this.#newProbe = rightsProbe(options.keyPrefix, { isOn: isGuarded, isProved }, options.notify);
  }

  scriptsFor({ runId }: ServerInfo): MasterScripts {
    const { takeBack } = this.rounds.scripts;
    return { bySha: this.rounds.scripts.forRun(runId), takeBack, probe: this.#newProbe() };
  }

  /**
   * Connects to every master, and waits until a quorum is ready. Masters that have neither answered nor failed by then
   * get `node_timeout` more; those that are still away join later by themselves.
   *
   * @throws ConfigException DUPLICATE_MASTER, NOT_A_MASTER when a connection leads to what is no master of its own
   * @throws ConnectionException NO_QUORUM when no quorum was ready within `connect_timeout`
   * @throws the signal's reason when it fires first
   */
  async open(context: ContextLike, signal: AbortSignal): Promise<void> {
    for (const master of this.masters) master.connect();
    const { connectTimeoutMs, nodeTimeoutMs } = this.options;
    const isDecided = (): boolean => this.#readyCount() >= this.size || this.#hopeless() !== null;
    const isEveryoneHeard = (): boolean => !this.masters.some(({ state }) => isOnItsWay(state));
    const isInTime = await this.#until(isDecided, connectTimeoutMs, signal);
    // Also where it is decided that it cannot be opened: the error says what each master said.
    if (isInTime) await this.#until(isEveryoneHeard, nodeTimeoutMs, signal);
    const hopeless = this.#hopeless();
    if (hopeless !== null && hopeless.kind === 'duplicate') {
      throw this.#misconfiguration(context, hopeless, ErrorCode.DUPLICATE_MASTER);
    }
    if (hopeless !== null && NO_MASTERS.includes(hopeless.kind)) {
      throw this.#misconfiguration(context, hopeless, ErrorCode.NOT_A_MASTER);
    }
    if (isInTime && hopeless === null) return;
    const standings = this.masters.map((master) => standing(master, this.quarantineMs(master)));
    throw noQuorum(context, 'The lock could not be opened', this, standings);
  }

  /** Closes every connection, at once. */
  async close(): Promise<void> {
    await Promise.all(this.masters.map((master) => master.close()));
  }

  onMasterState(master: Master): void {
    this.#onState();
    this.#admission?.reconsider();
    this.#voteChanges.update(master);
  }

  onQuarantine(master: Master, leftMs: number): void {
    // Near the end of a quarantine that is known, this is the difference of two clocks.
    if (leftMs < CLOCK_DIFFERENCE_MS || this.quarantineMs(master) > 0) return;
    this.#admission?.quarantine(master, leftMs);
    this.#voteChanges.update(master);
  }

  identify(master: Master, server: ServerInfo, signal: AbortSignal): void {
    const { address, isNamedBySentinels } = master;
    if (server.isReplica && isNamedBySentinels) {
      throw new MasterError(address, 'failover', 'the server that its Sentinels name is a replica');
    }
    if (server.isReplica) throw new MasterError(address, 'replica', 'is a replica, and its master has the vote');
    const twin = this.#present.get(server.runId);
    if (twin !== undefined) {
      throw new MasterError(address, 'duplicate', `is the same server as ${twin.label}, which has one vote`);
    }
    this.#present.set(server.runId, master);
    signal.addEventListener('abort', () => this.#present.delete(server.runId), { once: true });
  }

  async admit(master: Master, server: ServerInfo, ask: Ask, signal: AbortSignal): Promise<void> {
    const { label } = master;
    if (server.maxmemoryPolicy !== 'noeviction' && !this.#evicting.has(server.runId)) {
      this.#evicting.add(server.runId);
      this.warn(`Redis master ${label} may evict locks: its maxmemory-policy is ${server.maxmemoryPolicy}`);
    }
    if (master.isNamedBySentinels && !server.needsReplicas && !this.#unfollowed.has(master)) {
      this.#unfollowed.add(master);
      const remedy = 'set min-replicas-to-write and min-replicas-max-lag';
      this.warn(`Redis master ${label} goes on voting where it is cut off from its Sentinels: ${remedy}`);
    }
    await this.#admission?.admit(master, server.runId, ask, signal);
  }

  /** No two masters have one address: connections to the same one are refused. */
  labelOf(address: string): string {
    return this.masters.find((master) => master.address === address)?.label ?? address;
  }

  /** Of a call whose time was up before its turn to ask the masters. */
  notAsked(): Refused {
    const message = 'this process had too many rounds under way';
    const answers = this.masters.map(({ address }): Answer => {
      return { address, vote: { kind: 'none', error: new MasterError(address, 'not-asked', message) } };
    });
    return { kind: 'no-quorum', answers };
  }

  warn(message: string): void {
    this.observer.emit({ kind: 'warning', context: null, message });
  }

  /** For how much longer a master is in quarantine, in ms; 0 when it is not. */
  quarantineMs(master: Master): number {
    return this.#admission?.quarantineMs(master) ?? 0;
  }

  /**
   * What keeps the lock from ever being opened as it is configured, so that waiting is in vain: one server named twice,
   * or so many masters that cannot be used that no quorum is left.
   */
  #hopeless(): MasterError | null {
    const errors = this.masters.flatMap(({ state }) => (state.kind === 'away' ? [state.error] : []));
    const duplicate = errors.find(({ kind }) => kind === 'duplicate');
    if (duplicate !== undefined) return duplicate;
    const final = errors.filter(({ kind }) => isFinal(kind));
    if (final.length <= this.masters.length - this.size) return null;
    return final.find(({ kind }) => NO_MASTERS.includes(kind)) ?? final[0] ?? null;
  }

  #misconfiguration(context: ContextLike, error: MasterError, code: ErrorCode): ApplicationException {
    const { address, message: reason } = error;
    const message = `The connection to ${this.labelOf(address)} cannot be used: it ${reason}`;
    return new ConfigException(traceIdOf(context), code, message)
      .withDetails('address', address)
      .withDetails('reason', reason);
  }

  #readyCount(): number {
    return this.masters.filter(({ state }) => state.kind === 'ready').length;
  }

  /**
   * Whether the masters came to satisfy `condition` in time. A span in which this process stood still is not counted: it
   * heard no master.
   */
  async #until(condition: () => boolean, withinMs: number, signal: AbortSignal): Promise<boolean> {
    const napMs = Math.min(NAP_MS, withinMs / 10);
    for (let leftMs = withinMs; ;) {
      signal.throwIfAborted();
      if (condition()) return true;
      if (leftMs <= 0) return false;
      const startedMs = performance.now();
      await this.#nap(Math.min(leftMs, napMs), signal);
      const tookMs = performance.now() - startedMs;
      leftMs -= tookMs < STALL * napMs ? tookMs : napMs;
    }
  }

  /** Cut short by a change of some master's or by the caller: whoever waits looks which. */
  async #nap(ms: number, signal: AbortSignal): Promise<void> {
    let wake = (): void => {};
    const napped = new Promise<void>((resolve) => (wake = resolve));
    const cancel = afterLastLook(ms, wake);
    this.#onState = wake;
    signal.addEventListener('abort', wake, { once: true });
    await napped;
    signal.removeEventListener('abort', wake);
    cancel();
  }
}

/** One that waits for its admission gets it as soon as another one has it. */
function isOnItsWay(state: MasterState): boolean {
  return state.kind === 'connecting' || (state.kind === 'away' && state.error.kind === 'unadmitted');
}

function standing({ address, state }: Master, quarantineMs: number): Said {
  switch (state.kind) {
    case 'ready':
      if (quarantineMs === 0) return { address, words: 'ready', error: null, couldVote: true };
      return {
        address,
        words: `quarantined (may vote in ${Math.ceil(quarantineMs)} ms)`,
        error: null,
        couldVote: false,
      };
    case 'connecting':
      return { address, words: 'no answer yet', error: null, couldVote: false };
    case 'away':
    case 'closed':
      return { address, words: describeFault(state.error), error: state.error, couldVote: false };
  }
}

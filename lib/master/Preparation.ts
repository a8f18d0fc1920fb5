import type { Connection } from './Connection';
import { Debts, type Debt } from './Debts';
import { isForbidden, MasterError } from './MasterError';
import { IDENTIFY, identifyArguments } from './identity';
import { unreadable } from './replies';
import type { Argument, Script } from './Script';
import { CLUSTER_SLOTS, readServerInfo, type ServerInfo } from './ServerInfo';

/** How many orphaned locks are taken back in one round trip. */
const BATCH = 128;

/** It goes into scripts. */
const IS_NAME = /^\w+$/;

/** The scripts that a master is asked for. */
export interface MasterScripts {
  /** By the SHA-1 under which they are asked for, which need not be their own. */
  readonly bySha: ReadonlyMap<string, Script>;
  /** Deletes a token wherever it stands among the keys, and nothing else. */
  readonly takeBack: Script;
  readonly probe: RightsProbe;
}

/** What is missing. */
export interface Lacking {
  /** As an ACL writes them. */
  readonly rights: readonly string[];
  /** What the server does not know, or was made to forget. */
  readonly commands: readonly string[];
}

/** One command, and what an ACL calls the right to it. */
export interface SingleTry {
  readonly right: string;
  readonly command: readonly [name: string, ...args: Argument[]];
}

/** What finds out all that a login lacks, where it was refused something. It changes nothing. */
export interface Rights {
  readonly tries: readonly SingleTry[];
  /**
   * @param refusals what each try was refused with for want of a right; null where it was not
   * @param known what is known to be missing already, as an ACL writes it
   * @returns a sentence; null where nothing is missing that a lock needs
   */
  readonly sayLacking: (refusals: readonly (string | null)[], known: readonly string[], user: string) => string | null;
}

/** Finds out whether the login may do all that the scripts do. It takes no keys, and changes nothing. */
export interface RightsProbe {
  readonly script: Script;
  readonly args: readonly Argument[];
  /** Reads what the script answers; null where it cannot be read. */
  readonly lacking: (reply: unknown) => Lacking | null;
  /** Asked where the script, or what asks for it, was refused. */
  readonly rights: Rights;
}

/** Whom a master is prepared for. */
export interface PreparationOwner {
  /** What the server behind a new connection will be asked to run. */
  scriptsFor(server: ServerInfo): MasterScripts;
  /** Is told of what an operator should know. */
  warn(message: string): void;
}

/** A server that may be asked to vote, as far as its connection goes. */
export interface Prepared {
  readonly server: ServerInfo;
  /** By the SHA-1 under which they are asked for. */
  readonly scripts: ReadonlyMap<string, Script>;
}

/**
 * What every connection of one master goes through before the master may be asked anything: it says who it is, is taught
 * its scripts, shows that it permits them, and gives back what it may hold without an owner.
 */
export class Preparation {
  readonly #debts = new Debts();
  #takeBack: Script | null = null;
  #last: Prepared | null = null;
  /** The server does not let a former connection be ended. */
  isKillRefused = false;
  #isClusterKnown = false;
  readonly #warnedOf = new Set<string>();

  constructor(
    private readonly connection: Connection,
    private readonly owner: PreparationOwner,
  ) {}

  /** What the last connection that went through it has led to; null before the first. */
  get last(): Prepared | null {
    return this.#last;
  }

  /** Remembers a lock that the master may hold without an owner; see {@link Debts.add}. */
  owe(debt: Debt, ttlMs: number, hasRun: boolean): void {
    this.#debts.add(debt, ttlMs, hasRun);
  }

  /**
   * @param identify decides whether the server may be asked anything: a replica would refuse the rest, and hide what it is
   * @throws MasterError when the master must not be asked anything over this connection
   */
  async run(identify: (server: ServerInfo) => void): Promise<Prepared> {
    const { connection } = this;
    if (connection.isSelectRefused) {
      throw await this.#lacksRights(this.owner.scriptsFor(readServerInfo(null, null)).probe.rights, ['+select']);
    }
    const greeted = await connection.greet();
    if (greeted.isSentinel) {
      const message = 'is a Sentinel, and no master: write sentinels and master_name in place of host and port';
      throw new MasterError(connection.address, 'sentinel', message);
    }
    if (greeted.isLoading) throw new MasterError(connection.address, 'loading', 'the data set is being loaded');
    const rights = (): Rights => this.owner.scriptsFor(greeted).probe.rights;
    const server = await this.#named(greeted).catch((error: unknown) =>
      this.#refused(error, rights(), greeted.saysWhoItIs ? [] : ['+info']),
    );
    identify(server);
    if (server.isClustered)
      await this.#checkSlots().catch((error: unknown) => this.#refused(error, rights(), ['+cluster|nodes']));
    if (!server.saysWhoItIs) {
      const unknown =
        'a restart from an older snapshot, a replica, a shard of a cluster and a policy that evicts locks';
      this.#warnOnce('INFO', `${unknown} are not found out`);
    }
    if (server.connectionId === null) this.#warnOfKill('CLIENT ID');
    const scripts = this.owner.scriptsFor(server);
    await this.#teach(scripts);
    await this.#endFormer(server);
    this.#takeBack = scripts.takeBack;
    await this.settle();
    return (this.#last = { server, scripts: scripts.bySha });
  }

  /** Whether anything is remembered. */
  get isOwing(): boolean {
    return this.#debts.size > 0 || this.#debts.isOverflowing;
  }

  /**
   * Takes back what the master may hold without an owner, as far as that is known when it begins: more of it may keep
   * coming. A batch at a time, so that many do not keep the master from answering in time.
   *
   * @throws MasterError where the master refused any of it, or could not be asked
   */
  async settle(): Promise<void> {
    const { connection } = this;
    const takeBack = this.#takeBack;
    if (takeBack === null) return;
    let refusal: MasterError | undefined;
    for (let left = this.#debts.size; left > 0; left -= BATCH) {
      const due = this.#debts.due(Math.min(left, BATCH));
      const refusals: MasterError[] = [];
      await Promise.all(
        due.map(async (debt) => {
          try {
            await connection.run(takeBack, debt.keys.length, [...debt.keys, debt.token], () => true);
            this.#debts.settle(debt);
          } catch (error) {
            refusals.push(error as MasterError);
            this.#debts.postpone(debt);
          }
        }),
      );
      refusal = refusals.find(({ mayHaveRun }) => mayHaveRun) ?? refusal ?? refusals[0];
      // The connection has gone. The next one may be asked only when the former can run nothing any more.
      if (refusal?.mayHaveRun === true) break;
    }
    if (refusal !== undefined) throw refusal;
    const overflowMs = this.#debts.overflowMs();
    if (overflowMs === 0) return;
    const message = `may hold locks without an owner for ${Math.ceil(overflowMs)} ms more`;
    throw new MasterError(connection.address, 'indebted', message);
  }

  /** A server that does not name its run gets a name for it, which another connection to it finds. */
  async #named(server: ServerInfo): Promise<ServerInfo> {
    if (server.runId !== '' || server.isReplica) return server;
    const runId = await this.connection.eval(IDENTIFY, 1, identifyArguments(server.uptimeS));
    if (typeof runId !== 'string' || !IS_NAME.test(runId)) throw unreadable(this.connection.address, runId);
    return { ...server, runId };
  }

  /**
   * Has the server know its scripts and show that it permits them, in one round trip: a right that only a script needs
   * would otherwise be missed by the first vote. A script is asked for by name, and in full where the server has lost
   * it; a server that has no EVALSHA is sent each in full.
   */
  async #teach({ bySha, takeBack, probe }: MasterScripts): Promise<void> {
    const { connection } = this;
    const asked = Promise.all([
      this.#probe(probe),
      connection.load([...bySha.values(), takeBack]),
      // It has nothing to do without keys.
      connection.run(takeBack, 0, [], () => true),
    ]);
    const [reply] = await asked.catch((error: unknown) => this.#refused(error, probe.rights));
    if (!connection.runsByName) this.#warnOnce('EVALSHA', 'each script is sent in full, which takes longer');
    const lacking = probe.lacking(reply);
    if (lacking === null) throw unreadable(connection.address, reply);
    const { rights, commands } = lacking;
    if (commands.length > 0) throw this.#lacks(commands.join(', '));
    if (rights.length > 0) throw await this.#lacksRights(probe.rights, rights);
  }

  /** A right that is missing is not the only one, often. */
  async #refused(error: unknown, rights: Rights, known: readonly string[] = []): Promise<never> {
    if (!(error instanceof MasterError) || error.kind !== 'no-permission') throw error;
    throw await this.#lacksRights(rights, known, error.message);
  }

  /** All at once, however little the connection was permitted so far. */
  async #lacksRights({ tries, sayLacking }: Rights, known: readonly string[], otherwise = ''): Promise<MasterError> {
    const { connection } = this;
    const refusals = await Promise.all(tries.map(({ command }) => connection.refusalOf(command)));
    const message = sayLacking(refusals, known, connection.username) ?? otherwise;
    return new MasterError(connection.address, 'no-permission', message);
  }

  async #probe({ script, args }: RightsProbe): Promise<unknown> {
    try {
      return await this.connection.eval(script, 0, args);
    } catch (error) {
      if (error instanceof MasterError && error.kind === 'unknown-command') throw this.#lacks('EVAL');
      throw error;
    }
  }

  #lacks(commands: string): MasterError {
    const message = `the server has no ${commands}, which the scripts of every lock need`;
    return new MasterError(this.connection.address, 'unknown-command', message);
  }

  /**
   * What the former connection has sent may still arrive, behind all that this one sends: so that connection is ended on
   * the master's side before anything is taken back.
   */
  async #endFormer(server: ServerInfo): Promise<void> {
    const former = this.#last?.server;
    const isSameRun = former !== undefined && former.runId === server.runId;
    if (!isSameRun || former.connectionId === null || former.connectionId === server.connectionId) return;
    await this.#kill(former.connectionId);
  }

  async #kill(connectionId: number): Promise<void> {
    try {
      await this.connection.kill(connectionId);
    } catch (error) {
      if (!(error instanceof MasterError) || !isForbidden(error.kind)) throw error;
      this.#warnOfKill('CLIENT KILL');
    }
  }

  /** Each master has to serve all keys. */
  async #checkSlots(): Promise<void> {
    const { address, label } = this.connection;
    const slots = await this.connection.ownSlots();
    if (slots < CLUSTER_SLOTS) {
      const message = `is a shard of a Redis Cluster: it serves ${slots} of ${CLUSTER_SLOTS} slots, and a master has to serve all keys`;
      throw new MasterError(address, 'cluster-shard', message);
    }
    if (this.#isClusterKnown) return;
    this.#isClusterKnown = true;
    const harm = 'keys that are locked together may need a common hash tag, such as {orders}/17';
    this.owner.warn(`Redis master ${label} is a node of a Redis Cluster: ${harm}`);
  }

  #warnOfKill(command: string): void {
    if (this.isKillRefused) return;
    this.isKillRefused = true;
    this.#warnOnce(command, 'an acquire that the network holds back may take effect after it was given up');
  }

  /** It stays so. */
  #warnOnce(command: string, harm: string): void {
    if (this.#warnedOf.has(command)) return;
    this.#warnedOf.add(command);
    this.owner.warn(`Redis master ${this.connection.label} does not permit ${command}: ${harm}`);
  }
}

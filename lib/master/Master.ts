import type { MasterEndpoint } from '../config/MasterEndpoint';
import { Backoff } from './Backoff';
import { Channels } from './Channels';
import { Connection, type ConnectionOwner } from './Connection';
import type { Debt } from './Debts';
import { MasterError } from './MasterError';
import type { MasterState } from './MasterState';
import { Preparation, type PreparationOwner } from './Preparation';
import type { Argument, Script } from './Script';
import { SecondTries } from './SecondTries';
import type { ServerInfo } from './ServerInfo';

/** A master takes back so often what was given up during the look before; while more keeps coming, it does so when ready. */
const MOST_LOOKS = 3;

/** Runs a script on a connection that is not ready yet. */
export type Ask = (script: Script, keys: readonly string[], args: readonly Argument[]) => Promise<unknown>;

/** Whom a master belongs to. */
export interface MasterOwner extends PreparationOwner {
  /** Is told of each change in where a master stands. */
  onMasterState(master: Master): void;
  /** Is told that a master has refused to vote, and for how much longer it is in quarantine. */
  onQuarantine(master: Master, leftMs: number): void;
  /**
   * Decides whether the server behind a new connection is a master of its own.
   *
   * @param signal fires when the connection has gone
   * @throws MasterError when it is not
   */
  identify(master: Master, server: ServerInfo, signal: AbortSignal): void;
  /**
   * Decides whether the server behind a new connection may be asked to vote, and resolves when it may.
   *
   * @param signal fires when the connection has gone
   * @throws MasterError when it may not; the master is connected to anew then
   */
  admit(master: Master, server: ServerInfo, ask: Ask, signal: AbortSignal): Promise<void>;
}

/**
 * One Redis master: whether it can be asked at all, and what has to be taken back from it before.
 *
 * What is asked of it settles within `timeoutMs`, and at once while it is known to be away.
 */
export class Master implements ConnectionOwner {
  readonly address: string;
  /** The name of its connection in the configuration. */
  readonly name: string;
  /** Its Sentinels say which server it is at present. */
  readonly isNamedBySentinels: boolean;
  /** The last thing that went wrong; null when nothing has. */
  lastError: MasterError | null = null;
  /** Why it refused the last acquire on a connection that stands; null once it has granted or refused one by a vote. */
  refusal: MasterError | null = null;
  /** What is listened to on this master. */
  readonly channels: Channels;

  readonly #connection: Connection;
  readonly #preparation: Preparation;
  #state: MasterState = { kind: 'connecting' };
  /** Tries again to take back what the master has refused to give up. */
  #settling: NodeJS.Timeout | null = null;
  readonly #settlingPauses = new Backoff();
  readonly #secondTries = new SecondTries();
  /** Fires when the present connection has gone, or is to be admitted anew. */
  #admission = new AbortController();

  constructor(
    endpoint: MasterEndpoint,
    private readonly timeoutMs: number,
    private readonly owner: MasterOwner,
  ) {
    this.address = endpoint.address;
    this.name = endpoint.name;
    this.isNamedBySentinels = endpoint.target.kind === 'sentinel';
    this.#connection = new Connection(endpoint, timeoutMs, this);
    this.channels = new Channels(this.#connection, (message) => owner.warn(`Redis master ${this.label} ${message}`));
    this.#preparation = new Preparation(this.#connection, owner);
  }

  get state(): MasterState {
    return this.#state;
  }

  /** How messages name it. */
  get label(): string {
    return this.#connection.label;
  }

  /** The server behind the last connection that stood; null before the first. */
  get server(): ServerInfo | null {
    return this.#preparation.last?.server ?? null;
  }

  /** The last round trip, in ms; null before the first. */
  get roundTripMs(): number | null {
    return this.#connection.roundTripMs;
  }

  /** Starts connecting, and goes on until {@link close}. Does not wait. */
  connect(): void {
    this.#connection.open();
  }

  /**
   * Runs a script, or refuses at once when the master is not ready.
   *
   * @param sha the SHA-1 under which the owner knows the script
   * @param isWanted asked before the script is sent a second time, and told whether it may have run before
   * @throws MasterError when the master did not run it, or nobody knows whether it did
   */
  run(
    sha: string,
    numKeys: number,
    args: readonly Argument[],
    isWanted: (mayHaveRun: boolean) => boolean,
  ): Promise<unknown> {
    const state = this.#state;
    if (state.kind === 'ready') {
      const script = this.#preparation.last?.scripts.get(sha);
      if (script !== undefined) {
        const untilMs = performance.now() + this.timeoutMs;
        return this.#connection.run(script, numKeys, args, isWanted, (fault) =>
          this.#tryAgain(fault, untilMs, sha, numKeys, args, isWanted),
        );
      }
      return Promise.reject(new MasterError(this.address, 'unexpected', 'asked for a script that nobody knows'));
    }
    const notYet = new MasterError(this.address, 'unreachable', 'not connected yet');
    return Promise.reject(state.kind === 'connecting' ? notYet : state.error);
  }

  /** Where the former connection cannot be ended on the server's side, the first try may run behind the second one. */
  #tryAgain(
    fault: MasterError,
    untilMs: number,
    sha: string,
    numKeys: number,
    args: readonly Argument[],
    isWanted: (mayHaveRun: boolean) => boolean,
  ): Promise<unknown> {
    const isInTime = performance.now() < untilMs;
    if (!isInTime || this.#state.kind === 'closed' || this.#preparation.isKillRefused) return Promise.reject(fault);
    return this.#secondTries.wait(fault, untilMs, () => {
      const script = this.#preparation.last?.scripts.get(sha);
      if (script === undefined || !isWanted(true)) return Promise.reject(fault);
      return this.#connection.run(script, numKeys, args, isWanted);
    });
  }

  /** What is sent in this turn goes out together, at its end. */
  gather(): void {
    if (this.#state.kind === 'ready') this.#connection.gather();
  }

  /**
   * Remembers a lock that the master may hold without an owner: it is taken back when the master answers again, before
   * it is asked anything else. Where the connection stands, the master has refused to give it up: that is tried again,
   * with growing pauses, until its ttl has passed.
   *
   * @param ttlMs for how long the master holds it, once it does
   * @param hasRun whether it is known to hold it already
   */
  owe(debt: Debt, ttlMs: number, hasRun: boolean): void {
    this.#preparation.owe(debt, ttlMs, hasRun);
    if (this.#state.kind === 'ready') this.#settleLater();
  }

  #settleLater(): void {
    this.#settling ??= setTimeout(() => {
      this.#preparation
        .settle()
        .then(
          () => this.#settlingPauses.reset(),
          () => {
            // Refused once more, or the connection has gone: then the next one begins with it.
          },
        )
        .finally(() => {
          this.#settling = null;
          if (this.#state.kind === 'ready' && this.#preparation.isOwing) this.#settleLater();
        });
    }, this.#settlingPauses.next());
  }

  /** The admission of the master has to wait for others. */
  hold(error: MasterError): void {
    if (this.#state.kind === 'ready') return;
    this.#secondTries.giveUp();
    this.#enter({ kind: 'away', error });
  }

  /** The master turned out to know less than it did: it has to be admitted again. */
  readmit(error: MasterError): void {
    if (this.#state.kind !== 'ready') return;
    this.#enter({ kind: 'away', error });
    void this.#prepare();
  }

  /** The master refuses to vote: whichever process found out that it lost its memory. */
  quarantined(leftMs: number): void {
    if (this.#state.kind === 'ready') this.owner.onQuarantine(this, leftMs);
  }

  /** Ends the connection at once, whatever is in flight. The master cannot be used again. */
  async close(): Promise<void> {
    if (this.#state.kind === 'closed') return;
    this.#enter({ kind: 'closed', error: new MasterError(this.address, 'closed', 'the lock was closed') });
    this.#admission.abort();
    this.#stopSettling();
    this.#secondTries.giveUp();
    await this.#connection.close();
  }

  onConnected(): void {
    void this.#prepare();
  }

  onMessage(channel: string): void {
    this.channels.onMessage(channel);
  }

  onDisconnected(error: MasterError): void {
    this.channels.pause();
    this.#admission.abort();
    this.#stopSettling();
    // What went down with a connection that stood waits for the next one, and for no other.
    if (this.#state.kind !== 'ready') this.#secondTries.giveUp();
    this.#enter({ kind: 'away', error });
  }

  /** From a connection that stands to a master that may be asked to vote. */
  async #prepare(): Promise<void> {
    this.#admission.abort();
    const { signal } = (this.#admission = new AbortController());
    try {
      const { server } = await this.#preparation.run((found) => this.owner.identify(this, found, signal));
      await this.owner.admit(this, server, this.#ask, signal);
      // What was given up meanwhile, too: behind the last look it is ready in the same turn.
      for (let looks = 0; looks === 0 || (looks < MOST_LOOKS && this.#preparation.isOwing); looks += 1) {
        await this.#preparation.settle();
      }
    } catch (error) {
      if (!signal.aborted) this.#giveUp(asFault(this.address, error));
      return;
    }
    if (signal.aborted) return;
    this.#connection.settle();
    this.refusal = null;
    this.channels.restore();
    this.#enter({ kind: 'ready' });
    if (this.#preparation.isOwing) this.#settleLater();
    this.#secondTries.send();
  }

  #stopSettling(): void {
    if (this.#settling !== null) clearTimeout(this.#settling);
    this.#settling = null;
  }

  #giveUp(error: MasterError): void {
    this.#secondTries.giveUp();
    this.#enter({ kind: 'away', error });
    this.#connection.drop(error);
  }

  readonly #ask: Ask = (script, keys, args) =>
    this.#connection.run(script, keys.length, [...keys, ...args], () => true);

  #enter(state: MasterState): void {
    const former = this.#state;
    if (former.kind === 'closed') return;
    this.#state = state;
    if (state.kind === 'away') {
      this.lastError = state.error;
      // Each attempt to reconnect fails anew; only what is new is news.
      if (former.kind === 'away' && former.error.kind === state.error.kind) return;
    }
    this.owner.onMasterState(this);
  }
}

function asFault(address: string, error: unknown): MasterError {
  return error instanceof MasterError ? error : new MasterError(address, 'unexpected', String(error));
}

import { Redis } from 'ioredis';
import { type HostAndPort, hostAndPort, type MasterEndpoint, type SentinelGroup } from '../config/MasterEndpoint';
import { Backoff } from './Backoff';
import { disconnect } from './disconnect';
import { faultOfReply, faultOfSocket, isAboutPassword, isFinal, MasterError } from './MasterError';
import { sentinelOptions } from './redisOptions';
import { reloginOf } from './relogin';
import { listIn, unreadable, wholeIn } from './replies';
import { type Locator, phaseOf } from './SocketConnector';

/** How long the last answer is believed, in ms: then the Sentinels are asked again. */
const RECHECK_MS = 1000;

/** What ioredis says of a command that was not answered in time, and of its connection. */
const TIMED_OUT = /^(Command timed out|Socket timeout)/;

/** A master as a Sentinel names it. */
interface Named {
  /** Null where the Sentinel knows no master of that name. */
  readonly address: HostAndPort | null;
  /** Which failover made it the master: each one has a higher number. */
  readonly epoch: number;
}

/**
 * The Sentinels of one group: they say which server is its master.
 *
 * All are asked at once, and the answer behind the latest failover counts once a majority has answered, or all that can.
 * `ioredis` would ask one after another and believe the first: one that was cut off names a former master for as long as
 * the cut lasts, and two processes would then lock on two servers.
 */
export class Sentinels implements Locator {
  readonly #sentinels: readonly Sentinel[];
  /** Who was named for the present connection. */
  #present: Named | null = null;
  #recheck: NodeJS.Timeout | null = null;
  #isClosed = false;

  private constructor(
    private readonly address: string,
    { masterName, sentinels }: SentinelGroup,
    endpoint: MasterEndpoint,
    timeoutMs: number,
    /** Is told once of the address of another master than the one that was located. */
    private readonly onMoved: (address: string) => void,
  ) {
    this.#sentinels = sentinels.map((sentinel) => new Sentinel(masterName, endpoint, sentinel, timeoutMs));
  }

  /** @returns `null` where the endpoint itself says where its master is. */
  static of(endpoint: MasterEndpoint, timeoutMs: number, onMoved: (address: string) => void): Sentinels | null {
    const { address, target } = endpoint;
    return target.kind === 'sentinel' ? new Sentinels(address, target, endpoint, timeoutMs, onMoved) : null;
  }

  /**
   * Asks where the master is, and goes on asking whether it is there still.
   *
   * @throws MasterError where no Sentinel could say
   */
  async locate(): Promise<HostAndPort> {
    this.#stopRechecking();
    const { address, epoch } = await this.#ask();
    // The closing has ended the questions: what some had answered by then would be looked at again, for ever.
    if (this.#isClosed) throw new MasterError(this.address, 'closed', 'the lock was closed');
    this.#present = { address, epoch };
    this.#recheckLater(this.#present);
    return address;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopRechecking();
    await Promise.all(this.#sentinels.map((sentinel) => sentinel.close()));
  }

  #stopRechecking(): void {
    this.#present = null;
    if (this.#recheck !== null) clearTimeout(this.#recheck);
    this.#recheck = null;
  }

  /** A former master that was cut off from its Sentinels does not know that it is one. */
  #recheckLater(present: Named): void {
    this.#recheck = setTimeout(() => void this.#lookAgain(present), RECHECK_MS);
  }

  async #lookAgain(present: Named): Promise<void> {
    const now = await this.#ask().catch(() => null);
    if (this.#present !== present) return;
    const hasMoved = now !== null && present.address !== null && !isSame(now.address, present.address);
    // An answer from before the failover is a Sentinel's that has not heard of it.
    if (hasMoved && now.epoch >= present.epoch) this.onMoved(hostAndPort(now.address));
    else this.#recheckLater(present);
  }

  async #ask(): Promise<Named & { readonly address: HostAndPort }> {
    const answers: Named[] = [];
    const faults: MasterError[] = [];
    const { length } = this.#sentinels;
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (answers.length * 2 > length || answers.length + faults.length === length) resolve();
      };
      for (const sentinel of this.#sentinels) {
        const onAnswer = (answer: Named): void => void answers.push(answer);
        const onFault = (fault: MasterError): void => void faults.push(fault);
        void sentinel.ask().then(onAnswer, onFault).then(look);
      }
    });
    const knowing = answers.flatMap(({ address, epoch }) => (address === null ? [] : [{ address, epoch }]));
    const [first, ...others] = knowing;
    if (first === undefined) throw this.#refusal(answers, faults);
    return others.reduce((latest, one) => (one.epoch > latest.epoch ? one : latest), first);
  }

  #refusal(answers: readonly Named[], faults: readonly MasterError[]): MasterError {
    if (answers.length > 0)
      return new MasterError(
        this.address,
        'unknown-master',
        'no Sentinel knows a master of that name: correct master_name',
      );
    const said = faults
      .map(({ address, kind, message }) => (kind === 'no-sentinel' ? message : `Sentinel ${address}: ${message}`))
      .join(', ');
    const final = faults.every(({ kind }) => isFinal(kind)) ? faults[0] : undefined;
    return new MasterError(this.address, final?.kind ?? 'unreachable', said);
  }
}

/** One Sentinel. What it is asked settles within twice `timeoutMs`. */
class Sentinel {
  // Private to the runtime and not only to the compiler: ioredis keeps the password in its options.
  readonly #redis: Redis;
  readonly #backoff = new Backoff();
  /** What the last connection died of, until the next one is made. */
  #fault: MasterError | null = null;
  readonly #address: string;

  constructor(
    private readonly masterName: string,
    endpoint: MasterEndpoint,
    private readonly at: HostAndPort,
    private readonly timeoutMs: number,
  ) {
    this.#address = hostAndPort(at);
    this.#redis = new Redis(sentinelOptions(endpoint, at, timeoutMs, () => this.#backoff.next()));
    const relogin = reloginOf(this.#redis, endpoint, ({ sentinelLogin }) => sentinelLogin);
    this.#redis.on('error', (error: Error) => {
      this.#fault ??= this.#faultOf(error);
      if (isAboutPassword(this.#fault.kind)) relogin?.();
    });
    this.#redis.on('connecting', () => (this.#fault = null));
    this.#redis.on('ready', () => this.#backoff.reset());
  }

  /** @throws MasterError where it did not say */
  async ask(): Promise<Named> {
    const { masterName } = this;
    const redis = this.#redis;
    // The second tells of the failover. Users of a Sentinel may lack the right to it.
    const state = redis.call('SENTINEL', 'MASTER', masterName).catch(() => []);
    const named = redis.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', masterName).catch((error: Error) => {
      const fault = this.#fault ?? this.#faultOf(error);
      throw this.#fault === null && fault.kind === 'unknown-command' ? this.#noSentinel() : fault;
    });
    return { address: readAddress(this.#address, await named), epoch: readEpoch(await state) };
  }

  close(): Promise<void> {
    return disconnect(this.#redis);
  }

  #faultOf(error: Error): MasterError {
    if (error.name === 'ReplyError') return faultOfReply(this.#address, error);
    if (TIMED_OUT.test(error.message)) {
      return new MasterError(this.#address, 'silent', `no answer within ${this.timeoutMs} ms`);
    }
    return faultOfSocket(this.#address, error, phaseOf(this.#redis.stream));
  }

  /** It does not know the command that every Sentinel knows. */
  #noSentinel(): MasterError {
    const { host, port } = this.at;
    const line = `write host: ${host}, port: ${port} in place of sentinels and master_name`;
    return new MasterError(
      this.#address,
      'no-sentinel',
      `${this.#address} is no Sentinel: where it is a master, ${line}`,
    );
  }
}

function isSame(one: HostAndPort, other: HostAndPort): boolean {
  return one.host === other.host && one.port === other.port;
}

/** @throws MasterError for what is no address: connected to, it would be an error that nobody expects. */
function readAddress(sentinel: string, reply: unknown): HostAndPort | null {
  if (reply === null) return null;
  const [host, portText] = listIn(reply);
  const port = wholeIn(portText, 1, 65535);
  if (typeof host !== 'string' || host === '' || port === null) throw unreadable(sentinel, reply);
  return { host, port };
}

/** Fields and values take turns. */
function readEpoch(reply: unknown): number {
  if (!Array.isArray(reply)) return 0;
  const at = reply.indexOf('config-epoch');
  return at < 0 ? 0 : (wholeIn(reply[at + 1]) ?? 0);
}

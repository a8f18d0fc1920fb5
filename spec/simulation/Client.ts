import { type HandedOver, type Lease, RedisLock, type ReleaseOutcome } from '../../lib/index';
import type { Wanted } from './schedule/Step';
import { Process } from './world/Process';
import type { World } from './world/World';

/** A lease that a client was granted. */
export interface Held {
  readonly client: Client;
  readonly lease: Lease;
  readonly keys: readonly string[];
  /** What stands on the masters, as far as it was seen there when the lease was granted. */
  readonly token: string | null;
  readonly ttlMs: number;
  readonly isRenewed: boolean;
  readonly isAdopted: boolean;
  /** When it was first seen on fewer masters than a quorum, which no extension that begins later may change. */
  lostMs: number | null;
  /** Its validity was seen to last until then, by the world's clock. */
  untilMs: number;
  /** It was extended otherwise than by its own renewals. */
  isExtended: boolean;
  /** It was seen to be over; then it must stay so. */
  isOver: boolean;
  /** Nobody here wants it any more. */
  isGivenUp: boolean;
  /** When its signal fired, and when it was first seen to be over without having been given up. */
  firedMs: number | null;
  overMs: number | null;
}

/** A call that has not settled yet. */
export interface Call {
  readonly client: Client;
  readonly what: string;
  readonly startedMs: number;
  readonly stoppedMs: number;
  /** By when it has to settle, without the time in which its process was stopped. */
  readonly boundMs: number;
  readonly cancel: AbortController;
}

/** Is told of what clients go through. */
export interface Witness {
  onGranted(held: Held): void;
  onReleased(held: Held, outcome: ReleaseOutcome, wasSafe: boolean): void;
  onHandedOver(held: Held): void;
  /** It was extended when it had been lost. */
  onRevived(held: Held): void;
  onFailed(client: Client, what: string, error: unknown): void;
  tokenOn(keys: readonly string[], owner: Process): string | null;
}

const NODE_TIMEOUT_MS = 500;

/** One process that locks, and what it has of locks and of calls. */
export class Client {
  readonly process: Process;
  readonly lock: RedisLock;
  held: Held[] = [];
  readonly calls = new Set<Call>();
  isOpened = false;
  /** It has closed its lock, or could not adopt one: what it held then may have been left on masters that were away. */
  hasLeft = false;
  /** How many leases it was granted. */
  granted = 0;
  #isFinishing = false;
  /** What its last call has failed with. */
  lastFailure = 'nothing';

  constructor(
    private readonly world: World,
    readonly name: string,
    config: object,
    private readonly witness: Witness,
  ) {
    this.process = new Process(world, name);
    this.lock = new RedisLock();
    this.lock.configure(config);
  }

  open(): void {
    this.#call('open', 2000 + 2 * NODE_TIMEOUT_MS, async () => {
      await this.lock.open(this.name);
      this.isOpened = true;
    });
  }

  close(): void {
    this.hasLeft = true;
    this.isOpened = false;
    for (const held of this.held) held.isGivenUp = true;
    this.held = [];
    this.#call('close', 4 * NODE_TIMEOUT_MS, () => this.lock.close(this.name));
  }

  /** Gives back what it holds, and what it is granted from now on; its lock stays open. */
  finish(): void {
    this.#isFinishing = true;
    for (const held of this.held) this.release(held);
    if (!this.isOpened) this.open();
  }

  acquire(wanted: Wanted): void {
    const { keys, ttlMs, timeoutMs, isRenewed, isFenced } = wanted;
    const what = `acquire ${keys.join()} for ${ttlMs} ms, timeout ${timeoutMs} ms`;
    // Another round trip or two for the number.
    const boundMs = timeoutMs + (isFenced ? 5 : 3) * NODE_TIMEOUT_MS;
    this.#call(what, boundMs, async ({ signal }) => {
      const options = { timeout: timeoutMs, signal, autoRenew: isRenewed, fencing: isFenced };
      const lease = await this.lock.acquireLease(this.name, keys, ttlMs, options);
      this.#keep(lease, wanted, false);
    });
  }

  release(held: Held): void {
    this.#forget(held);
    const isSafe = held.lease.remaining() > 4 * NODE_TIMEOUT_MS;
    this.#call(`release ${held.keys.join()}`, 3 * NODE_TIMEOUT_MS, async () => {
      const outcome = await held.lease.release();
      this.witness.onReleased(held, outcome, isSafe);
    });
  }

  /** Leaves the lock on the masters for a while, held by nobody. */
  keep(held: Held, forMs: number): void {
    this.#forget(held);
    this.witness.onHandedOver(held);
    this.#call(`keep ${held.keys.join()}`, 4 * NODE_TIMEOUT_MS, async () => {
      await held.lease.release({ keepFor: forMs });
    });
  }

  extend(held: Held, ttlMs: number): void {
    held.isExtended = true;
    this.#call(`extend ${held.keys.join()}`, 4 * NODE_TIMEOUT_MS, async () => {
      const wasLost = held.lostMs !== null;
      await held.lease.extend(ttlMs);
      if (wasLost) this.witness.onRevived(held);
    });
  }

  handOver(held: Held, to: Client): void {
    let handedOver: HandedOver;
    try {
      handedOver = held.lease.handOver();
    } catch (error) {
      return this.witness.onFailed(this, 'hand over', error);
    }
    this.#forget(held);
    this.witness.onHandedOver(held);
    this.world.as(to.process, () => to.adopt(handedOver, held));
  }

  adopt(handedOver: HandedOver, { keys, ttlMs, isRenewed }: Held): void {
    this.#call(`adopt ${keys.join()}`, 4 * NODE_TIMEOUT_MS, async () => {
      const lease = await this.lock.adoptLease(this.name, handedOver, { autoRenew: isRenewed });
      this.#keep(lease, { keys, ttlMs, isRenewed, timeoutMs: 0, isFenced: false, heldMs: 300 }, true);
    });
  }

  cancel(nth: number): void {
    [...this.calls].filter(({ what }) => what.startsWith('acquire'))[nth]?.cancel.abort(new Error('cancelled'));
  }

  #keep(lease: Lease, { keys, ttlMs, isRenewed, heldMs }: Wanted, isAdopted: boolean): void {
    const token = this.witness.tokenOn(keys, this.process);
    const held: Held = {
      client: this,
      lease,
      keys,
      token,
      ttlMs,
      isRenewed,
      isAdopted,
      lostMs: null,
      untilMs: this.world.nowMs + lease.remaining(),
      isExtended: false,
      isOver: false,
      isGivenUp: false,
      firedMs: null,
      overMs: null,
    };
    lease.signal.addEventListener('abort', () => (held.firedMs = this.world.nowMs), { once: true });
    this.held.push(held);
    this.granted += 1;
    this.witness.onGranted(held);
    const keptMs = this.#isFinishing ? 0 : heldMs;
    if (keptMs !== null) setTimeout(() => this.held.includes(held) && this.release(held), keptMs);
  }

  #forget(held: Held): void {
    held.isGivenUp = true;
    this.held = this.held.filter((other) => other !== held);
  }

  #call(what: string, boundMs: number, work: (cancel: AbortController) => Promise<void>): void {
    const { world, process } = this;
    const cancel = new AbortController();
    const call: Call = { client: this, what, boundMs, cancel, startedMs: world.nowMs, stoppedMs: process.stoppedMs };
    this.calls.add(call);
    work(cancel)
      .catch((error: unknown) => {
        this.lastFailure = `${what}: ${String(error)}`;
        if (what.startsWith('adopt')) this.hasLeft = true;
        this.witness.onFailed(this, what, error);
      })
      .finally(() => this.calls.delete(call));
  }
}

import type { ReleaseOutcome } from '../../../lib/index';
import type { Call, Client, Held, Witness } from '../Client';
import type { SimulatedServer } from '../server/SimulatedServer';
import type { Process } from '../world/Process';
import type { World } from '../world/World';

/** What was promised and not kept. */
export interface Violation {
  readonly kind: string;
  readonly atMs: number;
  readonly what: string;
}

/** The errors that a call may end with. */
const DOCUMENTED: readonly unknown[] = ['CLOSED', 'LOCK_LOST', 'LOCK_TIMEOUT', 'NOT_HELD', 'NOT_OPENED', 'NO_QUORUM'];

/** A lost lock is told within so many ms. */
const TOLD_WITHIN_MS = 1100;

/** Watches a simulation for what must never be. */
export class Judge implements Witness {
  readonly violations: Violation[] = [];
  /** Somebody else has deleted keys, or set a clock that counts: then nothing keeps two from holding a lock. */
  isUnsafe = false;
  /** A master has lost some of its memory. */
  hasForgotten = false;
  readonly #held = new Set<Held>();
  /** The tokens of locks that were handed over: who does not adopt one leaves it to its ttl. */
  readonly #handedOver = new Set<unknown>();
  readonly #fencing = new Map<string, number>();

  constructor(
    private readonly world: World,
    private readonly servers: readonly SimulatedServer[],
    private readonly quorum: number,
    private readonly clients: () => readonly Client[],
  ) {}

  /** After each event. */
  look(): void {
    const { world } = this;
    const holders = new Map<string, Held>();
    for (const held of this.#held) {
      const { client, lease } = held;
      const { process } = client;
      if (!process.isAlive) {
        this.#held.delete(held);
        continue;
      }
      const isValid = world.seenBy(process, () => lease.isValid());
      if (isValid && held.isOver && !this.isUnsafe) this.report('revived', `${nameOf(held)} is valid again`);
      if (isValid) this.#lookAtQuorum(held);
      if (!isValid) this.#lookAtEnd(held);
      else for (const key of held.keys) this.#lookAtHolders(key, held, holders);
    }
    for (const { calls } of this.clients()) for (const call of calls) this.#lookAtBound(call);
  }

  onGranted(held: Held): void {
    this.#held.add(held);
    const { keys, lease, token } = held;
    const { fencingToken } = lease;
    if (token === null && !this.isUnsafe && !this.hasForgotten && lease.remaining() > 0) {
      this.report('no quorum', `${nameOf(held)} was granted, and stands on too few masters`);
    }
    // An adopted lease keeps the number that it had.
    if (fencingToken === null || held.isAdopted) return;
    for (const key of keys) {
      const highest = this.#fencing.get(key) ?? 0;
      if (fencingToken <= highest) this.report('fencing', `${nameOf(held)} got ${fencingToken} after ${highest}`);
      this.#fencing.set(key, Math.max(highest, fencingToken));
    }
  }

  onReleased(held: Held, { kind, masters }: ReleaseOutcome, wasSafe: boolean): void {
    const { token, keys } = held;
    const said = masters.map(({ answer }) => answer).join(', ');
    if (kind === 'released' && token !== null) {
      for (const key of keys) {
        const left = this.servers.filter(({ keyspace }) => keyspace.get(key)?.value === token).length;
        if (left > this.servers.length - this.quorum) {
          this.report('false release', `${nameOf(held)} is said to be released and stands on ${left}: ${said}`);
        }
      }
    }
    if (kind === 'taken' && wasSafe && !this.isUnsafe && !this.hasForgotten) {
      this.report('false release', `${nameOf(held)} is said to be taken: ${said}`);
    }
  }

  onRevived(held: Held): void {
    this.report('revived', `${nameOf(held)} was extended after it had been lost`);
  }

  onHandedOver({ token }: Held): void {
    if (token !== null) this.#handedOver.add(token);
  }

  onFailed({ name }: Client, what: string, error: unknown): void {
    const { code, message } = error as { code?: unknown; message?: string };
    if (DOCUMENTED.includes(code) || message === 'cancelled') return;
    this.report('undocumented error', `${name}: ${what}: ${String((error as Error).stack)}`);
  }

  /** A promise was rejected that nobody waits for, or something was thrown. */
  onStray(error: unknown): void {
    this.report('stray error', String((error as Error).stack ?? error));
  }

  /** The token that stands on a quorum of masters for all of the keys, drawn by a process. */
  tokenOn(keys: readonly string[], owner: Process): string | null {
    const [key = ''] = keys;
    const found = this.servers.map(({ keyspace }) => keyspace.get(key)?.value);
    const token = found.find((value) => {
      if (typeof value !== 'string' || this.world.tokens.get(value) !== owner) return false;
      return found.filter((other) => other === value).length >= this.quorum;
    });
    return typeof token === 'string' ? token : null;
  }

  /** When all faults are over and a grace has passed: nothing is left without an owner. */
  lookAtLeftovers(isExempt: (owner: Process) => boolean): void {
    // A clock that was set back keeps what has long been forgotten.
    if (this.isUnsafe) return;
    for (const { name, keyspace, hasOldData } of this.servers) {
      for (const key of keyspace.keys()) {
        const value = keyspace.get(key)?.value;
        const owner = typeof value === 'string' ? this.world.tokens.get(value) : undefined;
        const isOwned = owner?.isAlive === true && !isExempt(owner) && !this.#handedOver.has(value);
        if (isOwned && !hasOldData) {
          this.report('orphan', `${key} stands on ${name}, drawn by ${owner.name}`);
        }
        if (key.startsWith('redlock:') && key !== 'redlock:guard') this.report('leftover', `${key} on ${name}`);
      }
    }
  }

  #lookAtHolders(key: string, held: Held, holders: Map<string, Held>): void {
    const other = holders.get(key);
    holders.set(key, held);
    if (other === undefined || this.isUnsafe) return;
    this.report('two holders', `${nameOf(other)} and ${nameOf(held)} both hold ${key}`);
  }

  /** A lock that no quorum holds any more is not renewed, and where nobody has meddled it is not valid either. */
  #lookAtQuorum(held: Held): void {
    const { nowMs } = this.world;
    const { lease, ttlMs, token, keys, client } = held;
    if (token === null) return;
    const untilMs = nowMs + this.world.seenBy(client.process, () => lease.remaining());
    const isRenewed = untilMs > held.untilMs + 5 && !held.isExtended;
    held.untilMs = untilMs;
    // A renewal counts from when it was sent.
    if (isRenewed && held.lostMs !== null && untilMs - ttlMs > held.lostMs) this.onRevived(held);
    // Where a master forgets, a grant that the network holds back may make up for it later: the guard keeps others away.
    if (held.lostMs !== null || this.hasForgotten) return;
    const isOn = ({ keyspace }: SimulatedServer): boolean => keys.every((key) => keyspace.get(key)?.value === token);
    if (this.servers.filter(isOn).length >= this.quorum) return;
    held.lostMs = nowMs;
    if (!this.isUnsafe) this.report('no quorum', `${nameOf(held)} is valid, and too few hold it`);
  }

  #lookAtEnd(held: Held): void {
    // A process that is stopped cannot see it, and has a while to tell of it from when it goes on.
    if (held.client.process.isStopped) {
      held.overMs = null;
      return;
    }
    held.isOver = true;
    if (held.isGivenUp || held.firedMs !== null) return;
    held.overMs ??= this.world.nowMs;
    if (this.world.nowMs - held.overMs <= TOLD_WITHIN_MS) return;
    this.report('silent loss', `${nameOf(held)} has been over for ${TOLD_WITHIN_MS} ms, and its signal is silent`);
    this.#held.delete(held);
  }

  #lookAtBound(call: Call): void {
    const { client, what, startedMs, stoppedMs, boundMs } = call;
    const { process } = client;
    if (!process.isAlive || process.isStopped) return;
    const tookMs = this.world.nowMs - startedMs - (process.stoppedMs - stoppedMs);
    if (tookMs <= boundMs) return;
    client.calls.delete(call);
    this.report('late', `${client.name}: ${what} has not settled after ${Math.round(tookMs)} ms`);
  }

  report(kind: string, what: string): void {
    this.violations.push({ kind, atMs: this.world.nowMs, what });
  }
}

function nameOf({ client, keys, token }: Held): string {
  return `the lease of ${keys.join()} of ${client.name} (${token?.slice(0, 8) ?? 'no token'})`;
}

import type { ContextLike } from '../contract/Context';
import type { HeldLocks } from '../lease/HeldLocks';
import type { Lease, LeaseOwner } from '../lease/Lease';
import type { Observer } from '../observe/Observer';
import { saidIn } from '../quorum/noQuorum';
import type { Quorum } from '../quorum/Quorum';
import type { Extended, Hold, Released } from '../quorum/Hold';
import type { Answer } from '../quorum/Votes';
import type { Countdowns } from '../wait/Countdown';
import type { Lines, Waiter } from '../wait/Lines';
import type { RoundWindow } from '../wait/RoundWindow';
import { checkTtl } from './arguments';
import { closed, closedWhileHeld, lost, notHeld, undecided } from './errors';

/** For how long those of other processes who were woken go first: about what their message and their round take. */
const COURTESY_MS = 1;

/** What the leases of one session share. */
export interface Household {
  readonly quorum: Quorum;
  readonly observer: Observer;
  readonly held: HeldLocks;
  readonly lines: Lines;
  readonly window: RoundWindow;
  /** Nothing that is held may be kept for longer. */
  readonly isClosed: boolean;
}

/** Keeps one lease, and its places in line: here the lease meets the rounds and the line. */
export class Keeper implements LeaseOwner {
  /** @param waiters who stand first in the lines of its keys; none where it was adopted */
  constructor(
    private readonly household: Household,
    private readonly context: ContextLike,
    private readonly waiters: readonly Waiter[],
  ) {}

  get countdowns(): Countdowns {
    return this.household.lines.countdowns;
  }

  extend(hold: Hold, ttlMs: number): Promise<Extended> {
    return this.household.quorum.rounds.extend(hold, ttlMs);
  }

  async isLost(hold: Hold): Promise<boolean> {
    const { quorum, window } = this.household;
    if (!window.tryEnter() && !(await window.waitToAcquire(Infinity, null))) return false;
    try {
      return await quorum.rounds.isLost(hold);
    } finally {
      window.leave();
    }
  }

  validForMs(ttlMs: number): number {
    if (this.household.isClosed) throw closed(this.context);
    checkTtl(this.context, ttlMs);
    return this.household.quorum.rounds.validForMs(ttlMs);
  }

  async release(lease: Lease, hold: Hold, isExpired: boolean): Promise<Released> {
    const { quorum, held, lines, window } = this.household;
    if (!window.tryEnter()) await window.waitToRelease();
    try {
      // The round of the next in line is sent in this turn as well: one write to each master serves both.
      if (this.waiters.some(({ next }) => next !== null)) for (const master of quorum.masters) master.gather();
      const releasing = quorum.rounds.release(hold);
      held.remove(lease);
      // The round of the next in line follows on the same connections, so every master runs it after this one.
      for (const waiter of this.waiters) if (!waiter.line.isAwaitedElsewhere) waiter.leave();
      const released = await releasing;
      this.#tell(lease, isExpired ? 'expired' : released.verdict);
      for (const waiter of this.waiters) {
        waiter.line.isAwaitedElsewhere = released.hasWoken;
        if (released.hasWoken) lines.giveWay(waiter, COURTESY_MS);
        else waiter.leave();
      }
      return released;
    } finally {
      window.leave();
    }
  }

  /** The masters refuse whoever is next in line, and say for how long. */
  async keep(lease: Lease, hold: Hold, ttlMs: number): Promise<Extended> {
    const { rounds } = this.household.quorum;
    const keeping = rounds.extend(hold, ttlMs);
    this.#leave(lease);
    const kept = await keeping;
    // What a minority still holds would keep others from it, and keeps nothing.
    if (kept.kind === 'lost') void rounds.release(hold);
    return kept;
  }

  /** What the masters may still keep of it is removed behind. */
  onLost(lease: Lease, hold: Hold): void {
    this.#leave(lease);
    for (const key of lease.keys) this.household.observer.emit({ kind: 'lost', context: this.context, key });
    void this.household.quorum.rounds.release(hold);
  }

  onHandedOver(lease: Lease, hold: Hold): void {
    this.#leave(lease);
    this.household.quorum.rounds.handOver(hold);
  }

  onValidity(): void {
    for (const { line, isFirst } of this.waiters) if (isFirst) line.rewatch();
  }

  lost(lease: Lease, reason: string): Error {
    return lost(this.context, lease.keys, reason);
  }

  closed(lease: Lease): Error {
    return closedWhileHeld(this.context, lease.keys);
  }

  notHeld(lease: Lease): Error {
    return notHeld(this.context, lease.keys);
  }

  undecided(lease: Lease, answers: readonly Answer[]): Error {
    return undecided(this.context, 'extend', lease.keys, this.household.quorum, answers.map(saidIn));
  }

  #leave(lease: Lease): void {
    this.household.held.remove(lease);
    for (const waiter of this.waiters) waiter.leave();
  }

  #tell({ keys }: Lease, what: 'expired' | Released['verdict']): void {
    const { observer } = this.household;
    const { context } = this;
    for (const key of keys) {
      if (what === 'granted') observer.emit({ kind: 'released', context, key });
      else if (what !== 'no-quorum') observer.emit({ kind: 'gone', context, key, how: what });
    }
  }
}

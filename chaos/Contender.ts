import { setTimeout as sleep } from 'node:timers/promises';
import type { Lease, RedisLock } from '../lib/index';
import { nowMs } from './clock';
import { CONTENDED, PROBE } from './keys';
import type { Timing } from './messages';
import type { Random } from './Random';
import type { Operation, WorkerLog } from './WorkerLog';

/** The part of a ttl that is given up to the drift of clocks: the default of `options.drift_factor`, plus 2 ms. */
const DRIFT_FACTOR = 0.01;
const DRIFT_MS = 2;
const SHORTEST_TTL_MS = 100;
/** The part of the sections that are worked under a fenced lease; the others are worked under a lock by its key. */
const FENCED = 0.5;
/** A number is proposed so many times at most, each time in one round and with two more for masters that forgot. */
const FENCING_ROUNDS = 5 * 3;

/** A lock that was had, and how to give it back. */
interface Held {
  /** The fencing token; null where there is none. */
  readonly token: number | null;
  release(): Promise<unknown>;
}

/** Works under one lock, and writes down whatever it does before and after it does it. */
export class Contender {
  #calls = 0;
  #probes = 0;

  constructor(
    private readonly name: string,
    private readonly lock: RedisLock,
    private readonly log: WorkerLog,
    private readonly timing: Timing,
    private readonly random: Random,
  ) {}

  /**
   * Opens the lock.
   *
   * @returns false while too few masters are there for it
   * @throws Error for any other outcome, since waiting would not mend it
   */
  async open(): Promise<boolean> {
    const withinMs = this.timing.connectTimeoutMs + this.timing.nodeTimeoutMs + this.timing.slackMs;
    const outcome = await this.#call('open', '', withinMs, () => this.lock.open(this.name).then(() => 'ok'));
    if (outcome !== 'ok' && outcome !== 'NO_QUORUM') throw new Error(`the lock cannot be opened: ${outcome}`);
    return outcome === 'ok';
  }

  async close(): Promise<void> {
    await this.#call('close', '', this.#withinMs(0), () => this.lock.close(this.name).then(() => 'ok'));
  }

  /** Contends for one of the keys; when it is had, works for a while and gives it back. */
  async work(): Promise<void> {
    const key = this.random.pick(CONTENDED);
    const ttlMs = this.random.whole(SHORTEST_TTL_MS, this.timing.longestTtlMs);
    const startedMs = nowMs();
    const held = await this.#acquire(key, ttlMs);
    if (held === null) return;
    const { token } = held;
    const acquiredMs = nowMs();
    const validUntilMs = startedMs + ttlMs - (Math.round(ttlMs * DRIFT_FACTOR) + DRIFT_MS);
    this.log.write({ kind: 'acquired', key, atMs: acquiredMs, validUntilMs, token });
    if (nowMs() < validUntilMs) {
      this.log.write({ kind: 'entered', key, atMs: nowMs() });
      // Now and then longer than the ttl: whoever looks at the clock stops in time, whoever was paused cannot.
      await sleep(this.random.chance(0.25) ? this.random.whole(50, 1.5 * ttlMs) : this.random.whole(0, 40));
      // Without another look at the clock: it is for the store to refuse what comes too late.
      if (token !== null) this.log.write({ kind: 'wrote', key, atMs: nowMs(), token });
      this.log.write({ kind: 'left', key, atMs: nowMs() });
    }
    await held.release();
  }

  /** Acquires a key that nobody else asks for, and gives it back: what stays of it on any master is a ghost. */
  async probe(): Promise<void> {
    const key = `${PROBE}${this.name}:${(this.#probes += 1)}`;
    const { probeTtlMs } = this.timing;
    await this.#call('tryAcquireLock', key, this.#withinMs(0), () => {
      return this.lock.tryAcquireLock(this.name, key, probeTtlMs).then(outcomeOf);
    });
    await this.#release(key);
  }

  #acquire(key: string, ttlMs: number): Promise<Held | null> {
    // Null waits for nothing.
    const timeoutMs = this.random.chance(0.5) ? null : this.random.whole(0, 300);
    // Whoever does not notice that masters forget can give no tokens either.
    const isFenced = this.timing.restartGuardMs > 0 && this.random.chance(FENCED);
    return isFenced ? this.#acquireLease(key, ttlMs, timeoutMs) : this.#acquireKey(key, ttlMs, timeoutMs);
  }

  async #acquireKey(key: string, ttlMs: number, timeoutMs: number | null): Promise<Held | null> {
    const { name, lock } = this;
    const outcome =
      timeoutMs === null
        ? await this.#call('tryAcquireLock', key, this.#withinMs(0), () =>
            lock.tryAcquireLock(name, key, ttlMs).then(outcomeOf),
          )
        : await this.#call('acquireLock', key, this.#withinMs(timeoutMs), () =>
            lock.acquireLock(name, key, ttlMs, timeoutMs).then(() => 'ok'),
          );
    return outcome === 'ok' ? { token: null, release: () => this.#release(key) } : null;
  }

  async #acquireLease(key: string, ttlMs: number, timeoutMs: number | null): Promise<Held | null> {
    const { name, lock } = this;
    let lease: Lease | null = null;
    const operation = timeoutMs === null ? 'tryAcquireLease' : 'acquireLease';
    const withinMs = this.#withinMs(timeoutMs ?? 0) + FENCING_ROUNDS * this.timing.nodeTimeoutMs;
    await this.#call(operation, key, withinMs, async () => {
      lease =
        timeoutMs === null
          ? await lock.tryAcquireLease(name, key, ttlMs, { fencing: true })
          : await lock.acquireLease(name, key, ttlMs, { fencing: true, timeout: timeoutMs });
      return outcomeOf(lease !== null);
    });
    return lease && this.#heldBy(key, lease);
  }

  #heldBy(key: string, lease: Lease): Held {
    const release = () => lease.release().then(({ kind }) => kind);
    return {
      token: lease.fencingToken,
      release: () => this.#call('releaseLease', key, this.#withinMs(0), release),
    };
  }

  async #release(key: string): Promise<void> {
    await this.#call('releaseLock', key, this.#withinMs(0), () =>
      this.lock.releaseLock(this.name, key).then(() => 'ok'),
    );
  }

  /** A round that is lost at the last moment is followed by one that gives back what it has left. */
  #withinMs(timeoutMs: number): number {
    return timeoutMs + 2 * this.timing.nodeTimeoutMs + this.timing.slackMs;
  }

  async #call(operation: Operation, key: string, withinMs: number, call: () => Promise<string>): Promise<string> {
    const id = (this.#calls += 1);
    this.log.write({ kind: 'call', id, operation, key, atMs: nowMs(), withinMs });
    const outcome = await call().catch(codeOf);
    this.log.write({ kind: 'settled', id, atMs: nowMs(), outcome });
    return outcome;
  }
}

function outcomeOf(isHeld: boolean): string {
  return isHeld ? 'ok' : 'refused';
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return typeof code === 'string' ? code : String(error);
}

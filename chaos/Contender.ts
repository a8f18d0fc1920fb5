import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisLock } from '../lib/index';
import { nowMs } from './clock';
import { CONTENDED, PROBE } from './keys';
import type { Timing } from './messages';
import type { Random } from './Random';
import type { Operation, WorkerLog } from './WorkerLog';

/** The part of a ttl that is given up to the drift of clocks: the default of `options.drift_factor`, plus 2 ms. */
const DRIFT_FACTOR = 0.01;
const DRIFT_MS = 2;
const SHORTEST_TTL_MS = 100;

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
    const outcome = await this.#call('open', '', withinMs, () => this.lock.open(this.name));
    if (outcome !== 'ok' && outcome !== 'NO_QUORUM') throw new Error(`the lock cannot be opened: ${outcome}`);
    return outcome === 'ok';
  }

  async close(): Promise<void> {
    await this.#call('close', '', this.#withinMs(0), () => this.lock.close(this.name));
  }

  /** Contends for one of the keys; when it is had, works for a while and gives it back. */
  async work(): Promise<void> {
    const key = this.random.pick(CONTENDED);
    const ttlMs = this.random.whole(SHORTEST_TTL_MS, this.timing.longestTtlMs);
    const startedMs = nowMs();
    if (!(await this.#acquire(key, ttlMs))) return;
    const acquiredMs = nowMs();
    const validUntilMs = startedMs + ttlMs - (Math.round(ttlMs * DRIFT_FACTOR) + DRIFT_MS);
    this.log.write({ kind: 'acquired', key, atMs: acquiredMs, validUntilMs });
    if (nowMs() < validUntilMs) {
      this.log.write({ kind: 'entered', key, atMs: nowMs() });
      // Now and then longer than the ttl: whoever looks at the clock stops in time, whoever was paused cannot.
      await sleep(this.random.chance(0.25) ? this.random.whole(50, 1.5 * ttlMs) : this.random.whole(0, 40));
      this.log.write({ kind: 'left', key, atMs: nowMs() });
    }
    await this.#release(key);
  }

  /** Acquires a key that nobody else asks for, and gives it back: what stays of it on any master is a ghost. */
  async probe(): Promise<void> {
    const key = `${PROBE}${this.name}:${(this.#probes += 1)}`;
    const { probeTtlMs } = this.timing;
    await this.#call('tryAcquireLock', key, this.#withinMs(0), () => {
      return this.lock.tryAcquireLock(this.name, key, probeTtlMs);
    });
    await this.#release(key);
  }

  async #acquire(key: string, ttlMs: number): Promise<boolean> {
    if (this.random.chance(0.5)) {
      const tried = () => this.lock.tryAcquireLock(this.name, key, ttlMs);
      return (await this.#call('tryAcquireLock', key, this.#withinMs(0), tried)) === 'ok';
    }
    const timeoutMs = this.random.whole(0, 300);
    const waited = () => this.lock.acquireLock(this.name, key, ttlMs, timeoutMs);
    return (await this.#call('acquireLock', key, this.#withinMs(timeoutMs), waited)) === 'ok';
  }

  async #release(key: string): Promise<void> {
    await this.#call('releaseLock', key, this.#withinMs(0), () => this.lock.releaseLock(this.name, key));
  }

  /** A round that is lost at the last moment is followed by one that gives back what it has left. */
  #withinMs(timeoutMs: number): number {
    return timeoutMs + 2 * this.timing.nodeTimeoutMs + this.timing.slackMs;
  }

  async #call(
    operation: Operation,
    key: string,
    withinMs: number,
    call: () => Promise<boolean | void>,
  ): Promise<string> {
    const id = (this.#calls += 1);
    this.log.write({ kind: 'call', id, operation, key, atMs: nowMs(), withinMs });
    const outcome = await call().then((answer) => (answer === false ? 'refused' : 'ok'), codeOf);
    this.log.write({ kind: 'settled', id, atMs: nowMs(), outcome });
    return outcome;
  }
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return typeof code === 'string' ? code : String(error);
}

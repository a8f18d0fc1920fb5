import { parseConfig, type LockConfig } from '../config/LockConfig';
import { checkConstruction, type Configuration } from '../config/given';
import type { RedisLockConfigSource } from '../config/RedisLockConfig';
import type { ContextLike } from '../contract/Context';
import type { ILock } from './ILock';
import type { LockStatus } from './LockStatus';

/** What a lock of Pip.Services is: configured as a component, and acquired and released by key. */
export abstract class Lock implements ILock {
  // Credentials are in it, so it is kept out of sight of `util.inspect`.
  #config: LockConfig = parseConfig({});

  /**
   * @param config what {@link configure} takes; nothing where the lock is configured later
   * @throws ConfigException BAD_OPTION or BAD_CONNECTION, naming the key, the value and the bound
   */
  constructor(config: RedisLockConfigSource | null = null, ...more: readonly never[]) {
    checkConstruction(more);
    if (config !== null) this.#config = parseConfig(config as Configuration);
  }

  /** @internal The configuration as it is to be used at the next `open`. */
  protected get config(): LockConfig {
    return this.#config;
  }

  /**
   * Takes a configuration, in place of any earlier one. An open lock goes on with the one it was opened with.
   *
   * @param config parameters of Pip.Services, of either origin, a plain object, nested or flat, or the connections alone:
   *   a uri, several with commas between them, or a list
   * @throws ConfigException BAD_OPTION or BAD_CONNECTION, naming the key, the value and the bound
   */
  configure(config: RedisLockConfigSource): void {
    this.#config = parseConfig(config as Configuration);
  }

  /**
   * Whether a lock could be granted now: it is open, and a quorum of its masters has a vote, as far as this process knows.
   * For a readiness probe; `isOpen` stays true when masters fail.
   */
  isReady(): boolean {
    return this.getStatus().canLock;
  }

  abstract getStatus(): LockStatus;

  abstract tryAcquireLock(context: ContextLike, key: string, ttl: number): Promise<boolean>;

  abstract acquireLock(context: ContextLike, key: string, ttl: number, timeout?: number): Promise<void>;

  abstract releaseLock(context: ContextLike, key: string): Promise<void>;
}

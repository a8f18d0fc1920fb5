import { InternalException } from 'pip-services4-commons-node';
import type { IFactory } from '../contract/component';
import { ErrorCode } from '../contract/ErrorCode';
import { Descriptor } from '../contract/Descriptor';
import { RedisLock } from '../lock/RedisLock';

/**
 * Creates a {@link RedisLock} for `pip-services:lock:redlock:*:1.0`, and for `pip-services:lock:redis:*:1.0`, so that
 * a container that was set up for the single-node lock needs no other change.
 */
export class DefaultRedlockFactory implements IFactory {
  readonly #descriptors = ['redlock', 'redis'].map((kind) => new Descriptor('pip-services', 'lock', kind, '*', '1.0'));

  /** @returns the descriptor that the locator matches, or null */
  canCreate(locator: unknown): unknown {
    return this.#descriptors.find((descriptor) => descriptor.equals(locator)) ?? null;
  }

  /** @throws InternalException CANNOT_CREATE when the locator names something else */
  create(locator: unknown): RedisLock {
    if (this.canCreate(locator) !== null) return new RedisLock();
    throw new InternalException(
      undefined,
      ErrorCode.CANNOT_CREATE,
      `This factory does not create ${String(locator)}: a Descriptor of a redlock or redis lock is needed`,
    );
  }
}

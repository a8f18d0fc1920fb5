import { ErrorCode } from '../contract/ErrorCode';
import { refuseValue } from './refusals';

/** Every option of the lock, read and defaulted. All times are in ms. */
export interface LockOptions {
  /** Redlock's `retryCount`: retries after the first attempt; -1 is without end. Default 3. */
  readonly retries: number;
  /** Whether `retries` was asked for; only then does it cap an acquire that has a timeout. */
  readonly retriesAreSet: boolean;
  /** Redlock's `retryDelay`. Default 100. */
  readonly retryTimeoutMs: number;
  /** Redlock's `retryJitter`. Default half of `retryTimeoutMs`. */
  readonly retryJitterMs: number;
  /** Redlock's `driftFactor`: the part of a ttl that is given up to clock drift. Default 0.01. */
  readonly driftFactor: number;
  /** How many masters must agree; {@link quorumOf} turns it into a number. Default `'majority'`. */
  readonly quorum: number | 'majority';
  /** How long one master has to answer before its vote is lost. Default 500. */
  readonly nodeTimeoutMs: number;
  /** How long `open` waits for a quorum. Default 2000. */
  readonly connectTimeoutMs: number;
  /** The ttl of `acquire` where none is given. Default 30000. */
  readonly ttlMs: number;
  /** What is put before every key. Default empty. */
  readonly keyPrefix: string;
  /** How long a restarted master has no vote; 0 turns the guard off. Default 60000. */
  readonly restartGuardMs: number;
  /** Whether release messages wake those who wait. Default true. */
  readonly notify: boolean;
  /** Whether `close` releases what is held. Default true. */
  readonly releaseOnClose: boolean;
}

/**
 * How many of so many masters must agree.
 *
 * @throws ConfigException BAD_OPTION when the quorum asked for is below a majority, which two holders could reach at
 *   once, or above the number of masters, which nobody could reach
 */
export function quorumOf(options: LockOptions, masters: number): number {
  const majority = Math.floor(masters / 2) + 1;
  if (options.quorum === 'majority') return majority;
  if (options.quorum >= majority && options.quorum <= masters) return options.quorum;
  const bound = `a whole number from ${majority} (a majority of ${masters} masters) to ${masters}`;
  throw refuseValue(ErrorCode.BAD_OPTION, 'options.quorum', String(options.quorum), bound);
}

import { expect } from 'chai';
import type { ApplicationException } from 'pip-services4-commons-node';
import { Descriptor, RedisLock, References, type IReferences } from '../../../lib';
import type { ConfigSource } from '../../../lib/contract/ConfigParams';
import type { Master } from '../../support/Master';
import { startMasters } from '../../support/masters';
import { TcpProxy } from '../../support/TcpProxy';

/**
 * Options for specs in which every master is heard, or refuses. A process that is stopped for longer than a shorter time
 * may take a healthy master for a silent one, and go on without it.
 */
export const UNHURRIED = { node_timeout: 30_000, connect_timeout: 60_000 } as const;

/** The locks of one suite; whatever became of a test, its locks are closed when it ends. */
export interface Locks {
  /** A lock that is configured and not opened yet. */
  create(config: ConfigSource, references?: IReferences): RedisLock;
  /** A lock that is open. */
  open(config: ConfigSource, references?: IReferences): Promise<RedisLock>;
}

/** To be called in the body of a suite. */
export function useLocks(): Locks {
  const created: RedisLock[] = [];
  const create = (config: ConfigSource, references?: IReferences): RedisLock => {
    const lock = new RedisLock();
    created.push(lock);
    lock.configure(config);
    if (references !== undefined) lock.setReferences(references);
    return lock;
  };
  const open = async (config: ConfigSource, references?: IReferences): Promise<RedisLock> => {
    const lock = create(config, references);
    await lock.open(null);
    return lock;
  };
  afterEach('close the locks', async () => {
    await Promise.all(created.splice(0).map((lock) => lock.close(null)));
  });
  return { create, open };
}

/** To be called in the body of a suite: its masters, there from its `before` on, healed and emptied after each test. */
export function useMasters(count: number): readonly Master[] {
  const masters: Master[] = [];
  before('start the masters', async () => {
    masters.push(...(await startMasters(count)));
  });
  afterEach('masters without faults and keys', async () => {
    await Promise.all(masters.map((master) => master.resume()));
    await Promise.all(masters.map((master) => master.start()));
    await Promise.all(masters.map((master) => master.command('FLUSHALL')));
  });
  after('stop the masters', async () => {
    await Promise.all(masters.map((master) => master.stop()));
  });
  return masters;
}

/** To be called in the body of a suite, behind {@link useMasters}: one in front of each, which passes all on again after each test. */
export function useProxies(masters: readonly Master[]): readonly TcpProxy[] {
  const proxies: TcpProxy[] = [];
  before('start the proxies', async () => {
    proxies.push(...(await Promise.all(masters.map(({ port }) => TcpProxy.start(port)))));
  });
  afterEach('proxies that pass all on', async () => {
    for (const proxy of proxies) {
      await proxy.accept();
      proxy.pass();
    }
  });
  after('stop the proxies', async () => {
    await Promise.all(proxies.map((proxy) => proxy.close()));
  });
  return proxies;
}

/** References with a logger that keeps what it is warned of, and nothing else. */
export function loggedInto(warnings: string[]): References {
  const warn = (_context: unknown, message: string): void => void warnings.push(message);
  const logger = { log() {}, fatal() {}, error() {}, warn, info() {}, debug() {}, trace() {} };
  return References.fromTuples(new Descriptor('app', 'logger', 'x', 'y', '1.0'), logger);
}

type Thrown = abstract new (...args: never[]) => ApplicationException;

/** What the work was rejected with; fails when it was not, or with another class or code. */
export async function thrownBy(work: Promise<unknown>, type: Thrown, code: string): Promise<ApplicationException> {
  const settled = await work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if (!('error' in settled)) throw new Error(`${code} was expected, and it resolved`);
  expect(settled.error).to.be.instanceOf(type).with.property('code', code);
  return settled.error as ApplicationException;
}

/** Where masters are, for the `connections` of a configuration. */
export function addressesOf(
  masters: readonly { readonly host?: string; readonly port: number }[],
): readonly { readonly host: string; readonly port: number }[] {
  return masters.map(({ host = '127.0.0.1', port }) => ({ host, port }));
}

/** What stands under a key, on each of the masters. */
export function valuesOn(masters: readonly Master[], key: string): Promise<readonly unknown[]> {
  return Promise.all(masters.map((master) => master.command('GET', key)));
}

/** Whether a key stands on each of the masters. */
export async function standsOnAll(masters: readonly Master[], key: string): Promise<boolean> {
  return !(await valuesOn(masters, key)).includes(null);
}

/** Whether a key stands on none of the masters. */
export async function standsOnNone(masters: readonly Master[], key: string): Promise<boolean> {
  return (await valuesOn(masters, key)).every((value) => value === null);
}

/** Puts a lock on a master as other clients do, without any library. */
export function setForeignLock(master: Master, key: string, ttlMs = 60_000): Promise<unknown> {
  return master.command('SET', key, 'theirs', 'NX', 'PX', ttlMs);
}

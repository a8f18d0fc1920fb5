import { expect } from 'chai';
import fc from 'fast-check';
import { isLockError, type Lease, type RedisLock } from '../../../lib';
import { addressesOf, loggedInto, useLocks, useMasters } from '../../integration/lock/locks';
import { HostileMaster, type Answering } from '../../support/HostileMaster';
import { until } from '../../support/until';
import { DEADLY, reply } from './fixtures/replies';

const LONG = 60_000;
/** It is for what hangs, and not for what is slow. */
const HANGS_MS = 15_000;
const RUNS = { seed: 20261130, endOnFailure: true } as const;

/** Settles as the work does; rejects where it does not settle. */
async function bounded<T>(what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const hangs = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} hangs`)), HANGS_MS);
  });
  try {
    return await Promise.race([work, hangs]);
  } finally {
    clearTimeout(timer);
  }
}

/** The error that it has rejected with, which has to be one of the documented ones; null where it has not. */
async function documented(what: string, work: Promise<unknown>): Promise<string | null> {
  try {
    await bounded(what, work);
    return null;
  } catch (error) {
    if (!isLockError(error)) throw new Error(`${what} ended in an error of its own`, { cause: error });
    expect(error.message).not.to.match(/undefined|TypeError|RangeError|\[object/);
    return error.code;
  }
}

/** Replies in their turn, again and again. */
const saying =
  (replies: readonly (Buffer | 'close')[], commands?: RegExp): Answering =>
  (command, at) =>
    commands?.test(command) === false ? null : (replies[at % replies.length] ?? null);

/** Who holds the key now, and the last token that was given for it. */
class Judge {
  #holder: Lease | null = null;
  #token = 0;
  granted = 0;

  enter(lease: Lease): void {
    expect(this.#holder?.isValid() ?? false, 'two holders').to.equal(false);
    expect(Number.isSafeInteger(lease.fencingToken), `a token ${lease.fencingToken}`).to.equal(true);
    expect(lease.fencingToken).to.be.above(this.#token);
    this.#holder = lease;
    this.#token = lease.fencingToken as number;
    this.granted += 1;
  }

  leave(lease: Lease): void {
    if (this.#holder === lease) this.#holder = null;
  }
}

/** Acquires, extends and releases. */
async function hold(lock: RedisLock, key: string, judge: Judge, timeout = 100): Promise<void> {
  const holding = async (): Promise<void> => {
    const lease = await lock.acquireLease(null, key, LONG, { fencing: true, timeout });
    judge.enter(lease);
    await documented('extend', lease.extend(LONG));
    judge.leave(lease);
    await documented('release', lease.release());
  };
  await documented('hold', holding());
}

describe('A hostile master', function () {
  this.timeout(120_000);
  const locks = useLocks();
  const masters = useMasters(3);
  let warnings: string[] = [];
  let hostile: HostileMaster | null = null;
  let keys = 0;
  afterEach(async () => {
    warnings = [];
    await hostile?.stop();
    hostile = null;
  });

  async function start(answering: Answering, behindPort: number | null = null): Promise<HostileMaster> {
    return (hostile = await HostileMaster.start(answering, behindPort));
  }

  const create = (ports: readonly { readonly port: number }[]): RedisLock =>
    locks.create(
      { connections: addressesOf(ports), options: { node_timeout: 300, connect_timeout: 10_000, retry_timeout: 20 } },
      loggedInto(warnings),
    );

  /** Two locks that want the same key, and afterwards one that gets it, with a token above all others. */
  async function contend(
    ports: readonly { readonly port: number }[],
    turn: () => void,
    end: () => void,
  ): Promise<void> {
    const key = `key-${++keys}`;
    const judge = new Judge();
    const both = [create(ports), create(ports)];
    for (const lock of both) expect(await documented('open', lock.open(null))).to.equal(null);
    turn();
    await Promise.all(both.flatMap((lock) => [hold(lock, key, judge), hold(lock, key, judge)]));
    end();
    for (const lock of both) {
      const { granted } = judge;
      await hold(lock, key, judge, LONG);
      expect(judge.granted, 'what is granted when it is hostile no more').to.equal(granted + 1);
    }
    for (const lock of both) expect(await documented('close', lock.close(null))).to.equal(null);
    await until(async () => (await masters[0]?.command('EXISTS', key)) === 0, 'the first master has nothing left');
    await until(async () => (await masters[1]?.command('EXISTS', key)) === 0, 'the second master has nothing left');
  }

  it('costs one vote, whatever it answers from the first command on', async () => {
    const [one, other] = masters;
    if (one === undefined || other === undefined) throw new Error('no masters');
    const master = await start(() => 'close');
    await fc.assert(
      fc.asyncProperty(fc.array(reply, { minLength: 1, maxLength: 12 }), async (replies) => {
        master.answering = saying(replies);
        await contend(
          [one, master, other],
          () => {},
          () => {},
        );
      }),
      { ...RUNS, numRuns: 25 },
    );
  });

  it('costs one vote, whatever it answers to the scripts once it has its vote', async () => {
    const [one, other, behind] = masters;
    if (one === undefined || other === undefined || behind === undefined) throw new Error('no masters');
    const master = await start(() => null, behind.port);
    await fc.assert(
      fc.asyncProperty(fc.array(reply, { minLength: 1, maxLength: 6 }), async (replies) => {
        await contend(
          [one, master, other],
          () => (master.answering = saying(replies, /^EVALSHA$/)),
          () => (master.answering = () => null),
        );
      }),
      { ...RUNS, numRuns: 25, examples: DEADLY.map((one): [Buffer[]] => [[one]]) },
    );
  });

  it('that is the only one costs the lock, and no more', async () => {
    const master = await start(() => 'close');
    await fc.assert(
      fc.asyncProperty(fc.array(reply, { minLength: 1, maxLength: 8 }), async (replies) => {
        master.answering = saying(replies);
        const lock = locks.create(
          {
            connections: addressesOf([master]),
            options: { node_timeout: 50, connect_timeout: 100 },
          },
          loggedInto(warnings),
        );
        expect(await documented('open', lock.open(null))).to.be.oneOf(['NO_QUORUM', 'NOT_A_MASTER']);
        await documented('close', lock.close(null));
      }),
      { ...RUNS, numRuns: 20 },
    );
  });
});

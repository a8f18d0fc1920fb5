import { expect } from 'chai';
import type { ApplicationException } from 'pip-services4-commons-node';
import { RedisLock } from '../../../lib';
import { awakeMs } from '../../support/AwakeClock';
import type { Master } from '../../support/Master';
import { startMasters } from '../../support/masters';
import { TcpProxy } from '../../support/TcpProxy';
import { until } from '../../support/until';

/** What stands on a master when it is asked: nothing in the way, another's lock, or the master is not there. */
type Standing = 'granted' | 'taken' | 'dead';
type Mask = readonly Standing[];

const STANDINGS: readonly Standing[] = ['granted', 'taken', 'dead'];
const ANOTHERS = 'the token of another';
const TTL_MS = 30_000;
/** For an answer that waits in a proxy of this process while the process is stopped. */
const NODE_TIMEOUT_MS = 10_000;
/** Far below that: a master that is dead refuses, and nobody waits for its answer. */
const BOUND_MS = 2500;

const masks = (size: number): readonly Mask[] =>
  size === 0 ? [[]] : masks(size - 1).flatMap((mask) => STANDINGS.map((standing) => [...mask, standing]));

/** The sentence that says when a round is won, lost or undecided, for the quorum that is a majority. */
function expected(mask: Mask): 'true' | 'false' | 'NO_QUORUM' {
  const votes = (vote: Standing): number => mask.filter((standing) => standing === vote).length;
  const quorum = Math.floor(mask.length / 2) + 1;
  if (votes('granted') >= quorum) return 'true';
  if (votes('taken') >= mask.length - quorum + 1) return 'false';
  return votes('granted') + votes('taken') >= quorum ? 'false' : 'NO_QUORUM';
}

/** What a call came to, in one word: what it resolved to, or the code of what it threw. Fails where it takes too long, in time in which this process was awake. */
async function settled(call: Promise<unknown>): Promise<string> {
  const word = call.then(String, (error: unknown) => (error as ApplicationException).code);
  expect(await awakeMs(() => word), 'ms to settle').to.be.below(BOUND_MS);
  return word;
}

for (const size of [3, 4]) {
  describe(`Every mix of granted, taken and dead over ${size} masters`, () => {
    let masters: readonly Master[];
    let proxies: readonly TcpProxy[];
    let lock: RedisLock;

    const inMask = (mask: Mask, ...wanted: readonly Standing[]): readonly number[] =>
      [...mask.keys()].filter((index) => wanted.includes(mask[index] ?? 'dead'));
    const ask = (indexes: readonly number[], ...command: readonly (string | number)[]): Promise<unknown[]> =>
      Promise.all(
        masters.filter((_master, index) => indexes.includes(index)).map((master) => master.command(...command)),
      );

    /** The bytes of the connections are gone, and there is nobody to connect to. */
    const die = (mask: Mask): void => {
      for (const index of inMask(mask, 'dead')) {
        proxies[index]?.refuse();
        proxies[index]?.cut();
      }
    };

    const reach = async (): Promise<void> => {
      await Promise.all(proxies.map((proxy) => proxy.accept()));
      await until(() => lock.getStatus().masters.every(({ state }) => state === 'ready'), 'every master is ready');
    };

    /** Where we hold nothing, no living master may keep anything of ours, and another's lock stands as it stood. */
    const leavesNothingOfOurs = async (mask: Mask, key: string): Promise<void> => {
      // redlock is content once a quorum has deleted the token; the other masters are still on it.
      const isGone = async (): Promise<boolean> =>
        (await ask(inMask(mask, 'granted'), 'EXISTS', key)).every((count) => count === 0);
      const gone = until(isGone, 'no living master keeps a token of ours');
      expect(await awakeMs(() => gone), 'ms to leave nothing').to.be.below(BOUND_MS);
      expect(await ask(inMask(mask, 'taken'), 'GET', key)).to.eql(inMask(mask, 'taken').map(() => ANOTHERS));
    };

    before(async () => {
      masters = await startMasters(size);
      proxies = await Promise.all(masters.map(({ host, port }) => TcpProxy.start(port, host)));
      lock = new RedisLock();
      lock.configure({
        connections: proxies.map(({ port }) => ({ host: '127.0.0.1', port })),
        options: { node_timeout: NODE_TIMEOUT_MS },
      });
      await lock.open(null);
    });

    beforeEach('every master is reached', reach);

    after(async () => {
      await lock.close(null);
      await Promise.all(proxies.map((proxy) => proxy.close()));
      await Promise.all(masters.map((master) => master.stop()));
    });

    for (const mask of masks(size)) {
      const outcome = expected(mask);

      it(`acquire, ${mask.join(' ')}: ${outcome}`, async () => {
        const key = `acquire ${mask.join(' ')}`;
        await ask(inMask(mask, 'taken'), 'SET', key, ANOTHERS);
        die(mask);

        expect(await settled(lock.tryAcquireLock(null, key, TTL_MS))).to.equal(outcome);
        if (outcome === 'true') {
          // The others had not voted yet when the quorum stood.
          const isHeld = async (): Promise<boolean> =>
            (await ask(inMask(mask, 'granted'), 'EXISTS', key)).every((count) => count === 1);
          await until(isHeld, 'every master that could has granted it');
          expect(await settled(lock.tryAcquireLock(null, key, TTL_MS))).to.equal('false');
          expect(await settled(lock.releaseLock(null, key))).to.equal('undefined');
        }
        await leavesNothingOfOurs(mask, key);
      });

      it(`release, ${mask.join(' ')}: ${outcome === 'NO_QUORUM' ? outcome : 'done'}`, async () => {
        const key = `release ${mask.join(' ')}`;
        expect(await settled(lock.tryAcquireLock(null, key, TTL_MS))).to.equal('true');
        const isEverywhere = async (): Promise<boolean> =>
          (await ask([...mask.keys()], 'EXISTS', key)).every((count) => count === 1);
        await until(isEverywhere, 'every master has granted it');
        await ask(inMask(mask, 'taken'), 'SET', key, ANOTHERS);
        die(mask);

        expect(await settled(lock.releaseLock(null, key))).to.equal(outcome === 'NO_QUORUM' ? outcome : 'undefined');
        await leavesNothingOfOurs(mask, key);
        expect(await settled(lock.releaseLock(null, key))).to.equal('undefined');
        await leavesNothingOfOurs(mask, key);

        // What a dead master still held was remembered, and is taken back before it votes again.
        await reach();
        expect(await ask(inMask(mask, 'dead'), 'EXISTS', key)).to.eql(inMask(mask, 'dead').map(() => 0));
      });
    }
  });
}

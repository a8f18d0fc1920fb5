import { expect } from 'chai';
import { useFakeTimers, type SinonFakeTimers } from 'sinon';
import { parseConfig } from '../../../lib/config/LockConfig';
import type { Lease } from '../../../lib/lease/Lease';
import { Contest, type Attempted } from '../../../lib/lock/Contest';
import { wishOf } from '../../../lib/lock/wishOf';
import type { Quorum } from '../../../lib/quorum/Quorum';
import { Lines, type Waiter } from '../../../lib/wait/Lines';

/** What 3 retries take, 100 ms apart. */
const SPAN_MS = 300;

describe('A caller behind other callers of its process', () => {
  let clock: SinonFakeTimers;
  let lines: Lines;
  beforeEach(() => {
    clock = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
    lines = new Lines();
  });
  afterEach(() => {
    clock.restore();
  });

  /** Acquires a key that the masters always grant, and gives it back after a time. */
  const hold = async (holdMs: number, timeout: number | null = null): Promise<Attempted['kind']> => {
    const { options } = parseConfig({});
    const wish = wishOf('123', 'key', 30_000, { timeout });
    const lease = { remaining: () => Infinity, verify: async () => {} } as unknown as Lease;
    let mine: readonly Waiter[] = [];
    const attempt = async (waiters: readonly Waiter[]): Promise<Attempted> => {
      mine = waiters;
      for (const waiter of waiters) waiter.keep(lease);
      return { kind: 'held', lease };
    };
    const { kind } = await new Contest(options, {} as Quorum, lines, wish, attempt).run();
    if (kind === 'held') setTimeout(() => mine.forEach((waiter) => waiter.leave()), holdMs);
    return kind;
  };

  it('is not counted out by its retries while they are served: it has made no attempt', async () => {
    const calls = Promise.all(Array.from({ length: 100 }, () => hold(14)));
    await clock.tickAsync(100 * 20);

    expect(new Set(await calls)).to.eql(new Set(['held']));
  });

  it('waits as long as its retries would take behind one that keeps the lock', async () => {
    void hold(30_000);
    const outcomes: string[] = [];
    void hold(14).then((kind) => outcomes.push(kind));
    await clock.tickAsync(SPAN_MS - 1);
    expect(outcomes).to.eql([]);
    await clock.tickAsync(1);

    expect(outcomes).to.eql(['taken']);
  });

  it('waits that long from when the lock was given back last', async () => {
    void hold(200);
    void hold(30_000);
    const outcomes: string[] = [];
    void hold(14).then((kind) => outcomes.push(kind));
    await clock.tickAsync(200 + SPAN_MS - 1);
    expect(outcomes).to.eql([]);
    await clock.tickAsync(1);

    expect(outcomes).to.eql(['taken']);
  });

  it('is not kept waiting by those who give up', async () => {
    void hold(30_000);
    const outcomes: string[] = [];
    for (let count = 0; count < 10; count++) void hold(14).then((kind) => outcomes.push(kind));
    await clock.tickAsync(SPAN_MS);

    expect(outcomes).to.eql(new Array<string>(10).fill('taken'));
  });

  it('waits for its timeout and no longer where it has one', async () => {
    const calls = [hold(100), hold(100), hold(100), hold(100, 250)];
    await clock.tickAsync(250);

    expect(await calls[3]).to.equal('taken');
  });
});

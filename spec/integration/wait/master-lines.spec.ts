import { expect } from 'chai';
import { Redis } from 'ioredis';
import { script, type Script } from '../../../lib/master/Script';
import { wrapScripts } from '../../../lib/quorum/scripts';
import type { Master } from '../../support/Master';
import { until } from '../../support/until';
import { useMasters } from '../lock/locks';

const LINE = 'redlock:waiting:key';
const scripts = wrapScripts({ isGuarded: false, isNotifying: true });
/** As redlock's own: how many keys were set or deleted. */
scripts.acquirerHooks.acquireScript("return redis.call('set', KEYS[1], ARGV[1], 'NX') and 1 or 0");
const ACQUIRE = runnable(scripts.acquirerHooks.extendScript(''));
const RELEASE = runnable(
  scripts.hooks.releaseScript("return redis.call('get', KEYS[1]) == ARGV[1] and redis.call('del', KEYS[1]) or 0"),
);

function runnable(source: string): Script {
  return scripts.forRun('').get(script(source).sha) ?? expect.fail('the script is not known');
}

describe("A master's line for a key", () => {
  const masters = useMasters(1);
  const listeners: Redis[] = [];
  let told: string[];

  beforeEach(async () => {
    told = [];
    await acquire('token');
  });
  afterEach(() => {
    for (const listener of listeners.splice(0)) listener.disconnect();
  });

  const master = (): Master => masters[0] ?? expect.fail('no master');
  const run = (what: Script, ...args: readonly (string | number)[]): Promise<unknown> =>
    master().command('EVAL', what.source, 1, 'key', ...args);
  const acquire = (token: string, ...place: readonly (string | number)[]): Promise<unknown> =>
    run(ACQUIRE, token, 1000, ...(place.length > 0 ? ['', ...place] : []));
  const line = (): Promise<unknown> => master().command('ZRANGE', LINE, 0, -1);
  async function listen(...ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      const listener = new Redis({ host: master().host, port: master().port });
      listeners.push(listener);
      listener.on('message', () => told.push(id));
      await listener.subscribe(`redlock:free:${id}`);
    }
  }

  it('tells whoever is refused how many wait before it', async () => {
    expect(await acquire('other', 'a', 0, 5000)).to.eql(['taken', -1, 0]);
    expect(await acquire('other', 'b', 0, 5000)).to.eql(['taken', -1, 1]);
    expect(await acquire('other', 'a', 0, 5000)).to.eql(['taken', -1, 0]);
    expect(await line()).to.eql(['a', 'b']);
  });

  it('takes nobody who does not wait', async () => {
    expect(await acquire('other')).to.eql(['taken', -1, -1]);
    expect(await master().command('EXISTS', LINE)).to.equal(0);
  });

  it('takes nobody whom it grants the lock', async () => {
    await run(RELEASE, 'token');
    expect(await acquire('other', 'a', 0, 5000)).to.equal(1);
    expect(await master().command('EXISTS', LINE)).to.equal(0);
  });

  it('is left by one who is granted the lock without having been called, and whoever is behind is told of its release', async () => {
    await listen('a', 'b');
    for (const id of ['a', 'b']) await acquire('other', id, id === 'a' ? 10 : 0, 5000);
    // As where it ran out.
    await master().command('DEL', 'key');
    expect(await acquire('of a', 'a', 20, 5000)).to.equal(1);
    expect(await line()).to.eql(['b']);
    expect(await run(RELEASE, 'of a')).to.eql([1, 1]);
    await until(() => told.length > 0, 'somebody is told');
    expect(told).to.eql(['b']);
  });

  it('goes by how long each has waited, and not by when it was told', async () => {
    for (const [id, waitedMs] of [
      ['last', 0],
      ['first', 3000],
      ['second', 1000],
    ] as const) {
      await acquire('other', id, waitedMs, 5000);
    }
    expect(await line()).to.eql(['first', 'second', 'last']);
  });

  it('gives one that was told in vain its former place', async () => {
    await listen('a', 'b');
    for (const [id, waitedMs] of [
      ['a', 1000],
      ['b', 500],
    ] as const) {
      await acquire('other', id, waitedMs, 5000);
    }
    await run(RELEASE, 'token');
    await acquire('quicker');
    expect(await line()).to.eql(['b']);
    expect(await acquire('other', 'a', 1000, 5000)).to.eql(['taken', -1, 0]);
    expect(await line()).to.eql(['a', 'b']);
  });

  it('is kept for as long as anybody asks for, and no longer', async () => {
    await acquire('other', 'a', 0, 5000);
    expect(await master().command('PTTL', LINE)).to.be.within(4000, 5000);
    await acquire('other', 'b', 0, 9000);
    expect(await master().command('PTTL', LINE)).to.be.within(8000, 9000);
    await acquire('other', 'c', 0, 2000);
    expect(await master().command('PTTL', LINE)).to.be.within(7000, 9000);
    await acquire('other', 'd', 0, 9000);
    await master().command('PEXPIRE', LINE, 1);
    await until(async () => (await master().command('EXISTS', LINE)) === 0, 'it is gone');
  });

  it('tells the first one alone, of a release', async () => {
    await listen('a', 'b');
    for (const id of ['a', 'b']) await acquire('other', id, id === 'a' ? 10 : 0, 5000);
    expect(await run(RELEASE, 'token')).to.eql([1, 1]);
    await acquire('token');
    expect(await line()).to.eql(['b']);
    expect(await run(RELEASE, 'token')).to.eql([1, 1]);
    await until(() => told.length === 2, 'both were told');

    expect(told).to.eql(['a', 'b']);
  });

  it('passes over those who have gone', async () => {
    await listen('c');
    for (const [index, id] of ['a', 'b', 'c'].entries()) await acquire('other', id, 30 - index * 10, 5000);
    expect(await run(RELEASE, 'token')).to.eql([1, 1]);
    await until(() => told.length === 1, 'one was told');

    expect(told).to.eql(['c']);
    expect(await line()).to.eql([]);
  });

  it('has nobody to tell where all have gone, or none has come', async () => {
    expect(await run(RELEASE, 'token')).to.equal(1);
    await acquire('token');
    for (const id of ['a', 'b']) await acquire('other', id, 0, 5000);
    expect(await run(RELEASE, 'token')).to.equal(1);
    expect(await line()).to.eql([]);
  });

  it('is told of nothing by a release that has deleted nothing', async () => {
    await listen('a');
    await acquire('other', 'a', 0, 5000);
    expect(await run(RELEASE, 'another token')).to.equal(0);
    expect(await line()).to.eql(['a']);
  });

  it('is told of a token that is taken back, and of no other', async () => {
    await listen('a');
    await acquire('other', 'a', 0, 5000);
    expect(await run(scripts.takeBack, 'another token')).to.equal(0);
    expect(await line()).to.eql(['a']);
    expect(await run(scripts.takeBack, 'token')).to.equal(0);
    await until(() => told.length === 1, 'it was told');

    expect(await master().command('EXISTS', 'key')).to.equal(0);
  });

  it("is in nobody's way where other data stands in its place", async () => {
    await master().command('SET', LINE, 'data');
    expect(await acquire('other', 'a', 0, 5000)).to.eql(['taken', -1, -1]);
    expect(await run(RELEASE, 'token')).to.equal(1);
    await acquire('token');
    expect(await run(scripts.takeBack, 'token')).to.equal(0);

    expect(await master().command('EXISTS', 'key')).to.equal(0);
    expect(await master().command('GET', LINE)).to.equal('data');
  });
});

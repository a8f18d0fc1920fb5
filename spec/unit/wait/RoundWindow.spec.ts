import { expect } from 'chai';
import { RoundWindow } from '../../../lib/wait/RoundWindow';

/** Takes down in which order things come to be. */
function orderOf(): { readonly seen: string[]; note: (what: string) => () => void } {
  const seen: string[] = [];
  return { seen, note: (what) => () => void seen.push(what) };
}

describe('RoundWindow', () => {
  it('lets so many in at once, and the next when one leaves', async () => {
    const window = new RoundWindow(2);
    expect([window.tryEnter(), window.tryEnter(), window.tryEnter()]).to.deep.equal([true, true, false]);
    const third = window.waitToAcquire(Infinity, null);
    window.leave();

    expect(await third).to.equal(true);
    expect(window.tryEnter()).to.equal(false);
  });

  it('lets releases go before acquires, and each in its order of arrival', async () => {
    const { seen, note } = orderOf();
    const window = new RoundWindow(1);
    window.tryEnter();
    const all = [
      window.waitToAcquire(Infinity, null).then(note('first acquire')),
      window.waitToAcquire(Infinity, null).then(note('second acquire')),
      window.waitToRelease().then(note('release')),
    ];
    for (const one of [2, 0, 1]) {
      window.leave();
      await all[one];
    }

    expect(seen).to.deep.equal(['release', 'first acquire', 'second acquire']);
  });

  it('ends a wait whose time is up or that is cancelled, and leaves its place to the next', async () => {
    const window = new RoundWindow(1);
    window.tryEnter();
    const cancel = new AbortController();
    const [late, cancelled] = [window.waitToAcquire(0, null), window.waitToAcquire(Infinity, cancel.signal)];
    const next = window.waitToAcquire(Infinity, null);
    cancel.abort();
    expect([await late, await cancelled]).to.deep.equal([false, false]);
    window.leave();

    expect(await next).to.equal(true);
  });

  it('closes when nothing is under way and every release has had its turn', async () => {
    const { seen, note } = orderOf();
    const window = new RoundWindow(1);
    window.tryEnter();
    const acquire = window.waitToAcquire(Infinity, null);
    const release = window.waitToRelease().then(note('release'));
    const closed = window.close().then(note('closed'));
    expect(await acquire).to.equal(false);
    expect(await window.waitToAcquire(Infinity, null)).to.equal(false);
    window.leave();
    await release;
    window.leave();
    await closed;

    expect(seen).to.deep.equal(['release', 'closed']);
  });
});

import { expect } from 'chai';
import { restore, stub, useFakeTimers, type SinonFakeTimers } from 'sinon';
import { parseConfig } from '../../../lib/config/LockConfig';
import { Pacing } from '../../../lib/wait/Pacing';

/** The longest timer that Node has. It takes a longer one for no time at all, and so does the fake clock. */
const LONGEST_MS = 2_147_483_647;

describe('Pacing', () => {
  let time: SinonFakeTimers;

  beforeEach(() => {
    time = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  });
  afterEach(() => {
    time.restore();
    restore();
  });

  for (const [title, random] of [
    ['longest', 1 - Number.EPSILON],
    ['middle', 0.75],
  ] as const) {
    it(`waits for the longest time there is, and not for none, where the ${title} jitter comes on top`, async () => {
      stub(Math, 'random').returns(random);
      const options = { retry_timeout: LONGEST_MS, retry_jitter: LONGEST_MS, retries: -1 };
      const pacing = new Pacing(parseConfig({ host: 'a', options }).options, null);
      let isDue = false;
      const next = pacing.next(new AbortController().signal).then((isOne) => {
        isDue = true;
        return isOne;
      });

      await time.tickAsync(LONGEST_MS - 1);
      expect(isDue).to.equal(false);
      await time.tickAsync(1);
      expect(isDue).to.equal(true);
      expect(await next).to.equal(true);
    });
  }
});

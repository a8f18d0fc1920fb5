import { expect } from 'chai';
import { useFakeTimers, type SinonFakeTimers } from 'sinon';
import { MasterError } from '../../../lib/master/MasterError';
import { SecondTries } from '../../../lib/master/SecondTries';

const LIMIT_MS = 100;

describe('SecondTries', () => {
  const fault = new MasterError('a:1', 'silent', 'no answer');
  let time: SinonFakeTimers;
  let tries: SecondTries;
  let answer: (reply: string) => void;
  let settled: string;

  beforeEach(() => {
    time = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    tries = new SecondTries();
    settled = 'not yet';
    tries
      .wait(fault, performance.now() + LIMIT_MS, () => new Promise<string>((resolve) => (answer = resolve)))
      .then(
        (reply) => (settled = String(reply)),
        (error: MasterError) => (settled = error.kind),
      );
  });
  afterEach(() => time.restore());

  const outcome = async (): Promise<string> => {
    await new Promise((resolve) => setImmediate(resolve));
    return settled;
  };

  it('end with the fault of the first where no answer comes in time', async () => {
    tries.send();
    time.tick(LIMIT_MS - 1);
    expect(await outcome()).to.equal('not yet');
    time.tick(1);
    expect(await outcome()).to.equal('silent');
  });

  it('look once more before they give up: after a stall the answer may be waiting in the socket', async () => {
    tries.send();
    time.tick(LIMIT_MS);
    answer('granted');

    expect(await outcome()).to.equal('granted');
    expect(time.countTimers()).to.equal(0);
  });
});

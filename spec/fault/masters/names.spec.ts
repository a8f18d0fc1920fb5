import dns from 'node:dns';
import { expect } from 'chai';
import { createSandbox } from 'sinon';
import { Backoff } from '../../../lib/master/Backoff';
import { addressesOf, useLocks, useMasters } from '../../integration/lock/locks';
import { until } from '../../support/until';

describe('A name that nobody answers for', () => {
  const locks = useLocks();
  const masters = useMasters(2);
  const sandbox = createSandbox();
  const unanswered: ((error: Error) => void)[] = [];
  afterEach(() => {
    sandbox.restore();
    for (const answer of unanswered.splice(0)) answer(new Error('nobody answered'));
  });

  it('is asked for once by this process, however many attempts and locks there are, and said to be', async () => {
    const { lookup } = dns;
    sandbox.replace(dns, 'lookup', ((name: string, options: object, callback: (error: Error) => void) => {
      if (name === 'silent.test') unanswered.push(callback);
      else (lookup as unknown as (...all: readonly unknown[]) => void)(name, options, callback);
    }) as never);
    const pauses = sandbox.spy(Backoff.prototype, 'next');
    const connections = [...addressesOf(masters), { host: 'silent.test', port: 6379 }];
    const [one, other] = [
      await locks.open({ connections, options: { node_timeout: 100 } }),
      await locks.open({ connections, options: { node_timeout: 100 } }),
    ];
    await until(() => pauses.callCount >= 6, 'each has tried several times');

    expect(unanswered).to.have.length(1);
    for (const lock of [one, other]) {
      const said = (): string | null | undefined => lock.getStatus().masters[2]?.lastError;
      await until(() => said() === 'unreachable: the name silent.test is still being looked up', 'it is said');
    }
    expect(await one.tryAcquireLock('123', 'key', 60_000)).to.equal(true);
  });
});

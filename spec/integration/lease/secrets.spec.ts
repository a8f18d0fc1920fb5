import { expect } from 'chai';
import { inspect } from 'node:util';
import { Descriptor, References, type Lease } from '../../../lib';
import { until } from '../../support/until';
import { addressesOf, standsOnAll, useLocks, useMasters } from '../lock/locks';

const LONG = 60_000;

describe("A lease's token", () => {
  const locks = useLocks();
  const masters = useMasters(3);
  const config = () => ({ connections: addressesOf(masters), options: { retry_timeout: 10, node_timeout: LONG } });
  const everywhere = (value: unknown): string =>
    inspect(value, { depth: 10, showHidden: true }) + JSON.stringify(value) + String(value);

  /** Everything that an observer was told, in every way that it may print it. */
  function listen(): { references: References; told: () => string } {
    const calls: unknown[] = [];
    const component = new Proxy(
      {},
      {
        get:
          () =>
          (...args: unknown[]) =>
            void calls.push(args.map(everywhere)),
      },
    );
    const references = new References();
    for (const type of ['logger', 'counters', 'tracer']) {
      references.put(new Descriptor('app', type, 'x', 'y', '1.0'), component);
    }
    return { references, told: () => JSON.stringify(calls) };
  }

  /** The token as it stands on the masters. */
  async function tokenOf(key: string): Promise<string> {
    await until(() => standsOnAll(masters, key), 'it stands on each master');
    return String(await masters[0]?.command('GET', key));
  }

  it('is in nothing that a lease or its lock shows of itself, while it is held and afterwards', async () => {
    const lock = await locks.open(config());
    const lease = await lock.acquireLease('123', ['key', 'other'], LONG, { autoRenew: true });
    const token = await tokenOf('key');
    const show = (): string => everywhere(lease) + everywhere(lease.signal) + everywhere(lock) + everywhere({ lease });
    const shown = [show()];
    await lease.extend(LONG);
    shown.push(show());
    const outcome = await lease.release();
    shown.push(show(), everywhere(outcome));

    expect(token).to.have.length.above(15);
    for (const text of shown) expect(text).not.to.include(token);
    expect(JSON.parse(JSON.stringify(lease)))
      .to.include({ isValid: false, remaining: 0 })
      .and.deep.include({
        keys: ['key', 'other'],
      });
    expect(Object.values(lease).map(String).join()).not.to.include(token);
  });

  it('is shown where it is to be: by handOver alone', async () => {
    const lock = await locks.open(config());
    const lease = await lock.acquireLease('123', 'key', LONG);
    const token = await tokenOf('key');

    expect(lease.handOver().token).to.equal(token);
    expect(everywhere(lease)).not.to.include(token);
  });

  it('is in no error and no log line, whatever becomes of the lease', async () => {
    const { references, told } = listen();
    const lock = await locks.open(config(), references);
    const [extended, adopted, lost, expired, unreachable] = await Promise.all(
      ['extended', 'adopted', 'lost', 'expired', 'unreachable'].map((key) => lock.acquireLease('123', key, LONG)),
    );
    if (!extended || !adopted || !lost || !expired || !unreachable) throw new Error('leases');
    const tokens = await Promise.all(['extended', 'adopted', 'lost', 'unreachable'].map(tokenOf));
    const errors: unknown[] = [];
    const keep = (error: unknown): void => void errors.push(error);
    await Promise.all(masters.map((master) => master.command('DEL', 'lost')));
    await lost.extend(LONG).catch(keep);
    await lost.extend(LONG).catch(keep);
    await extended.release();
    await extended.extend(LONG).catch(keep);
    const handedOver = adopted.handOver();
    await lock.adoptLease('123', { ...handedOver, keys: ['nobody has it'] }).catch(keep);
    const hasRunOut = (lease: Lease): Promise<void> => until(() => !lease.isValid(), 'it has run out');
    await lock.withLock('123', 'short', 30, { timeout: LONG, autoRenew: false }, hasRunOut).catch(keep);
    await Promise.all(masters.map((master) => master.kill()));
    await unreachable.extend(LONG).catch(keep);
    await lock.adoptLease('123', handedOver).catch(keep);
    const outcome = await unreachable.release();
    await lock.close('123');

    const codes = errors.map((error) => (error as { readonly code: string }).code);
    expect(codes).to.eql(['LOCK_LOST', 'LOCK_LOST', 'NOT_HELD', 'LOCK_LOST', 'LOCK_LOST', 'NO_QUORUM', 'NO_QUORUM']);
    expect(outcome.kind).to.equal('unreachable');
    const text = told() + errors.map(everywhere).join() + everywhere(outcome);
    expect(text).to.include('Lost lock lost');
    for (const token of tokens) expect(text).not.to.include(token);
  });
});

import { expect } from 'chai';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { BadRequestException, ConflictException, ConnectionException } from 'pip-services4-commons-node';
import type { HandedOver } from '../../../lib';
import { until } from '../../support/until';
import { addressesOf, standsOnAll, thrownBy, useLocks, useMasters, valuesOn } from '../lock/locks';
import { TYPESCRIPT } from '../../support/typescript';

const FIXTURE = join(__dirname, 'fixtures/adopt.ts');
const LONG = 60_000;

describe('A lease that is handed over', function () {
  // Another process has to start, on a machine that may be busy.
  this.timeout(300_000);

  const locks = useLocks();
  const masters = useMasters(3);
  const children: ChildProcess[] = [];
  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    }
  });

  const config = (node_timeout = LONG) => ({
    connections: addressesOf(masters),
    options: { retry_timeout: 10, node_timeout },
  });

  /** What another process says that adopts it, line by line. */
  function adoptElsewhere(handedOver: HandedOver): { next(): Promise<unknown>; goOn(): void } {
    const args = [...TYPESCRIPT, FIXTURE, JSON.stringify(config()), JSON.stringify(handedOver)];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    children.push(child);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return {
      next: async () => JSON.parse(String((await lines.next()).value)) as unknown,
      goOn: () => child.stdin.write('go on\n'),
    };
  }

  it('is held by another process from then on, and is released by that one alone', async () => {
    const [lock, other] = [await locks.open(config()), await locks.open(config())];
    const lease = await lock.acquireLease('123', ['one', 'two'], LONG);
    await until(() => standsOnAll(masters, 'one'), 'it stands on each master');
    const held = await valuesOn(masters, 'one');
    const heir = adoptElsewhere(lease.handOver());
    expect(await heir.next()).to.deep.include({ keys: ['one', 'two'], held: 1 });

    expect((await lease.release()).kind).to.equal('handed-over');
    await lock.close('123');
    const taken = await valuesOn(masters, 'one');
    expect(new Set(taken).size).to.equal(1);
    expect(taken[0]).to.be.a('string').and.not.to.equal(held[0]);
    expect(await other.tryAcquireLock('123', 'two', LONG)).to.equal(false);
    heir.goOn();
    expect(await heir.next()).to.eql({ kind: 'released' });
    await until(() => other.tryAcquireLock('123', 'two', LONG), 'it is free');
  });

  it('is kept for its ttl from its adoption', async () => {
    const [lock, heir] = [await locks.open(config()), await locks.open(config())];
    const lease = await lock.acquireLease('123', 'key', LONG);
    const handedOver = lease.handOver();
    await Promise.all(masters.map((master) => master.command('PEXPIRE', 'key', 20_000)));
    const adopted = await heir.adoptLease('123', handedOver);

    expect(adopted.remaining()).to.be.above(LONG - 10_000);
    expect(heir.getStatus().held).to.equal(1);
    expect(lock.getStatus().held).to.equal(0);
    expect(await heir.tryAcquireLock('123', 'key', LONG)).to.equal(false);
    await adopted.extend(LONG);
    expect((await adopted.release()).kind).to.equal('released');
    expect(await lock.tryAcquireLock('123', 'key', LONG), 'no place in a line is left').to.equal(true);
  });

  it('keeps nobody in line where it was acquired', async () => {
    const [lock, heir] = [await locks.open(config()), await locks.open(config())];
    const lease = await lock.acquireLease('123', 'key', LONG);
    const waiting = lock.acquireLease('123', 'key', LONG, { timeout: LONG });
    const adopted = await heir.adoptLease('123', lease.handOver());
    await adopted.release();

    expect((await waiting).isValid()).to.equal(true);
  });

  it('is taken back by the close of who has adopted it', async () => {
    const [lock, heir] = [await locks.open(config()), await locks.open(config())];
    await heir.adoptLease('123', (await lock.acquireLease('123', 'key', LONG)).handOver());
    await heir.close('123');

    expect(await lock.tryAcquireLock('123', 'key', LONG)).to.equal(true);
  });

  it('cannot be adopted once it has run out, or is held by another', async () => {
    const [lock, heir] = [await locks.open(config()), await locks.open(config())];
    const handedOver = (await lock.acquireLease('123', 'key', LONG)).handOver();
    await Promise.all(masters.map((master) => master.command('DEL', 'key')));
    await thrownBy(heir.adoptLease('123', handedOver), ConflictException, 'LOCK_LOST');
    const second = await lock.acquireLease('123', 'key', LONG);
    await thrownBy(heir.adoptLease('123', handedOver), ConflictException, 'LOCK_LOST');

    expect(second.isValid()).to.equal(true);
    await second.extend(LONG);
    expect(heir.getStatus().held).to.equal(0);
  });

  it('is adopted by one lock: whoever comes second is refused, and whoever was first keeps it', async () => {
    const [lock, heir, late] = [await locks.open(config()), await locks.open(config()), await locks.open(config())];
    const handedOver = (await lock.acquireLease('123', ['one', 'two'], LONG)).handOver();
    const adopted = await heir.adoptLease('123', handedOver);
    await thrownBy(late.adoptLease('123', handedOver), ConflictException, 'LOCK_LOST');

    expect(adopted.isValid()).to.equal(true);
    await adopted.extend(LONG);
    expect((await adopted.release()).kind).to.equal('released');
    for (const key of ['one', 'two']) expect(await late.tryAcquireLock('123', key, LONG)).to.equal(true);
  });

  it('is adopted once by one lock too, also when it has been handed on since', async () => {
    const [lock, heir, next] = [await locks.open(config()), await locks.open(config()), await locks.open(config())];
    const handedOver = (await lock.acquireLease('123', 'key', LONG)).handOver();
    const both = [heir.adoptLease('123', handedOver), heir.adoptLease('123', handedOver)];
    const adopted = (await Promise.allSettled(both)).flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect(adopted).to.have.length(1);
    await thrownBy(heir.adoptLease('123', handedOver), ConflictException, 'LOCK_LOST');
    const handedOn = adopted[0]?.handOver() ?? expect.fail();
    await thrownBy(heir.adoptLease('123', handedOver), ConflictException, 'LOCK_LOST');

    expect((await next.adoptLease('123', handedOn)).isValid()).to.equal(true);
  });

  it('may be adopted again where too few masters could say', async () => {
    const [lock, heir] = [await locks.open(config()), await locks.open(config(200))];
    const handedOver = (await lock.acquireLease('123', 'key', LONG)).handOver();
    await Promise.all(masters.map((master) => master.pause()));
    await thrownBy(heir.adoptLease('123', handedOver), ConnectionException, 'NO_QUORUM');
    await Promise.all(masters.map((master) => master.resume()));
    await until(() => heir.getStatus().masters.every(({ state }) => state === 'ready'), 'the masters are back');

    expect((await heir.adoptLease('123', handedOver)).isValid()).to.equal(true);
  });

  it('is refused with a ttl that is none', async () => {
    const heir = await locks.open(config());
    const handedOver = { keys: ['key'], token: 'token', formerTokens: [], ttl: 5, longestTtl: 5, fencingToken: null };

    await thrownBy(heir.adoptLease('123', handedOver), BadRequestException, 'BAD_TTL');
  });
});

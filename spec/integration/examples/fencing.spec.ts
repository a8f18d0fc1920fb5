import { expect } from 'chai';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FencedFile, StaleTokenError } from '../../../examples/fencing/FencedFile';
import { until } from '../../support/until';
import { addressesOf, useLocks, useMasters } from '../lock/locks';

describe('the fenced file', () => {
  const masters = useMasters(3);
  const locks = useLocks();
  let folder: string;
  let file: FencedFile;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'fencing-spec-'));
    file = new FencedFile(join(folder, 'stock.txt'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const refusalOf = (work: Promise<void>) =>
    work.then(
      () => null,
      (error: unknown) => error,
    );

  it('refuses a holder that comes back after its lock was lost and another has written', async () => {
    const [one, other] = await Promise.all([1, 2].map(() => locks.open({ connections: addressesOf(masters) })));
    const old = await one?.acquireLease('123', 'stock', 100, { fencing: true });
    await file.write({ fencingToken: old?.fencingToken ?? null }, 'the first');
    await until(() => old?.isValid() === false, 'the first lock has run out');
    const current = await other?.acquireLease('123', 'stock', 10_000, { fencing: true, timeout: 5000 });
    await file.write({ fencingToken: current?.fencingToken ?? null }, 'the second');

    const refusal = await refusalOf(file.write({ fencingToken: old?.fencingToken ?? null }, 'too late'));

    expect(refusal).to.be.instanceOf(StaleTokenError);
    expect(await file.read()).to.equal('the second');
    expect(readdirSync(folder)).to.deep.equal([`stock.txt.${current?.fencingToken}`]);
  });

  it('takes as many writes of one holder as it makes', async () => {
    expect(await file.read()).to.equal(null);
    await file.write({ fencingToken: 9 }, 'one');
    await file.write({ fencingToken: 9 }, 'two');
    expect(await file.read()).to.equal('two');
    await file.write({ fencingToken: 10 }, 'three');
    expect(await file.read()).to.equal('three');
  });

  it('keeps the newest of writes that meet', async () => {
    const tokens = Array.from({ length: 30 }, (_, index) => index + 1);

    const refusals = await Promise.all(
      tokens.map((token) => refusalOf(file.write({ fencingToken: token }, `by ${token}`))),
    );

    expect(await file.read()).to.equal('by 30');
    expect(refusals[29]).to.equal(null);
  });

  it('takes no lease without a token', async () => {
    expect(await refusalOf(file.write({ fencingToken: null }, 'x'))).to.be.instanceOf(TypeError);
    expect(readdirSync(folder)).to.deep.equal([]);
  });
});

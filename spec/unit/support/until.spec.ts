import { expect } from 'chai';
import { until } from '../../support/until';

describe('until', () => {
  it('resolves as soon as the condition holds, at once or after some looks', async () => {
    let looks = 0;
    await until(() => ++looks > 0, 'at once');
    expect(looks).to.equal(1);
    await until(async () => ++looks > 4, 'later');
    expect(looks).to.equal(5);
  });

  it('goes on after a condition that fails', async () => {
    let looks = 0;
    await until(() => {
      if (++looks < 3) throw new Error('not yet');
      return true;
    }, 'in the end');
    expect(looks).to.equal(3);
  });

  it('looks once more behind the limit, after a stall that was longer', async () => {
    let looks = 0;
    await until(
      () => {
        if (++looks === 1) stall(30);
        return looks === 2;
      },
      'at the second look',
      20,
    );
    expect(looks).to.equal(2);
  });

  it('fails naming what it waited for, with the last error as its cause', async () => {
    const error = await failure(until(() => false, 'pigs fly', 20));
    expect(error.message).to.equal('not within 20 ms: pigs fly');
    expect(error.cause).to.equal(undefined);

    const cause = new Error('no wings');
    expect((await failure(until(() => Promise.reject(cause), 'pigs fly', 20))).cause).to.equal(cause);
  });
});

function stall(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

async function failure(promise: Promise<unknown>): Promise<Error> {
  const error = await promise.catch((reason: unknown) => reason);
  if (error instanceof Error) return error;
  throw new Error('it did not fail');
}

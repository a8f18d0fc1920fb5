import { createContext, runInContext } from 'node:vm';
import { expect } from 'chai';
import { ConfigException, ConflictException } from 'pip-services4-commons-node';
import { ErrorCode, isLockError } from '../../../lib';

describe('isLockError', () => {
  const conflict = new ConflictException('123', 'LOCK_TIMEOUT', 'held');

  it('knows every code, and each by its name', () => {
    for (const code of Object.values(ErrorCode)) {
      const error = new ConfigException(undefined, code, 'x');
      expect(isLockError(error), code).to.equal(true);
      expect(isLockError(error, code), code).to.equal(true);
    }
    expect(isLockError(conflict, 'NO_QUORUM', 'LOCK_TIMEOUT')).to.equal(true);
    expect(isLockError(conflict, 'NO_QUORUM', 'LOCK_LOST')).to.equal(false);
  });

  it('narrows the code to those that were named', () => {
    const error: unknown = conflict;
    if (!isLockError(error, 'NO_QUORUM', 'LOCK_TIMEOUT')) return expect.fail('it is one');
    const code: 'NO_QUORUM' | 'LOCK_TIMEOUT' = error.code;
    // @ts-expect-error the other codes are excluded
    const other: 'LOCK_LOST' = error.code;
    expect(code).to.equal(other);
  });

  it('does not compile with a code that does not exist', () => {
    // @ts-expect-error a misspelled code
    expect(isLockError(conflict, 'LOCK_TIMEDOUT')).to.equal(false);
  });

  it('takes an error of another context, and of another copy of the exceptions', () => {
    const make = runInContext('(fields) => Object.assign(new Error("held"), fields)', createContext()) as (
      fields: object,
    ) => unknown;
    const foreign = make({ code: 'LOCK_TIMEOUT', category: 'Conflict', status: 409 });

    expect(foreign instanceof Error).to.equal(false);
    expect(isLockError(foreign, 'LOCK_TIMEOUT')).to.equal(true);
  });

  for (const [title, value] of [
    ['nothing', undefined],
    ['null', null],
    ['a text', 'NO_QUORUM'],
    ['an error without a code', new Error('NO_QUORUM')],
    ["another package's error with such a code", Object.assign(new Error('x'), { code: 'CLOSED' })],
    ['an exception with a code of its own', new ConflictException('123', 'OTHER', 'x')],
  ] as const) {
    it(`refuses ${title}`, () => {
      expect(isLockError(value)).to.equal(false);
      expect(isLockError(value, 'CLOSED', 'NO_QUORUM')).to.equal(false);
    });
  }
});

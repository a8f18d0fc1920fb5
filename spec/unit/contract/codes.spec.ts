import { expect } from 'chai';
import { ErrorCode } from '../../../lib/contract/ErrorCode';
import { LogLevel } from '../../../lib/contract/observability';

describe('ErrorCode', () => {
  it('spells each code as its name', () => {
    const codes =
      'NO_CONNECTION BAD_OPTION BAD_CONNECTION DUPLICATE_MASTER NOT_A_MASTER NOT_OPENED CLOSED BAD_KEY BAD_TTL BAD_TIMEOUT ' +
      'LOCK_TIMEOUT NO_QUORUM LOCK_LOST NOT_HELD BAD_DESCRIPTOR REF_ERROR CANNOT_CREATE';
    expect(Object.entries(ErrorCode)).to.deep.equal(codes.split(' ').map((code) => [code, code]));
  });
});

describe('LogLevel', () => {
  it('has the numbers of Pip.Services v4', () => {
    expect(LogLevel).to.deep.equal({ None: 0, Fatal: 1, Error: 2, Warn: 3, Info: 4, Debug: 5, Trace: 6 });
  });
});

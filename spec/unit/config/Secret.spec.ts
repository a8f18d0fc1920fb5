import { inspect } from 'node:util';
import { expect } from 'chai';
import { Secret } from '../../../lib/config/Secret';

describe('Secret', () => {
  const secret = new Secret('hunter2');

  it('is given away by reveal', () => {
    expect(secret.reveal()).to.equal('hunter2');
  });

  it('prints as three stars, in whatever way and however deep it is printed', () => {
    expect(`${String(secret)}`).to.equal('***');
    expect(JSON.stringify({ secret })).to.equal('{"secret":"***"}');
    expect(inspect({ a: { b: { secret } } }, { depth: 9, showHidden: true })).to.include('secret: ***');
    expect(inspect(secret, { showHidden: true, customInspect: false })).not.to.include('hunter2');
    expect(Object.keys(secret)).to.deep.equal([]);
  });
});

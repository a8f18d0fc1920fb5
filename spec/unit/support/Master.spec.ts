import { expect } from 'chai';
import { settingsOf, uriOf } from '../../support/Master';

describe('settingsOf', () => {
  it('reads arguments as settings, several values of one joined', () => {
    const args = ['--save', '', '--appendonly', 'yes', '--client-output-buffer-limit', 'normal', '0', '0 0'];
    expect([...settingsOf(args)]).to.eql([
      ['save', ''],
      ['appendonly', 'yes'],
      ['client-output-buffer-limit', 'normal 0 0 0'],
    ]);
    expect(settingsOf([]).size).to.equal(0);
  });
});

describe('uriOf', () => {
  it('has the password in it, encoded, where there is one', () => {
    expect(uriOf(6381)).to.equal('redis://127.0.0.1:6381');
    expect(uriOf(6381, 'a/b:c@d')).to.equal('redis://:a%2Fb%3Ac%40d@127.0.0.1:6381');
  });
});

import { expect } from 'chai';
import { parseConfig } from '../../../lib/config/LockConfig';
import { resolveMasters } from '../../../lib/config/resolveMasters';
import { refusalOf } from './refusal';

const open = async (source: object): Promise<readonly string[]> => {
  const masters = await resolveMasters(null, parseConfig(source as never), null);
  return masters.map(({ username, password }) => `${username ?? '-'}:${password?.reveal() ?? '-'}`);
};

describe('a function that provides a credential', () => {
  const password = async (): Promise<string> => 'p';
  const good: [title: string, source: object, logins: string[]][] = [
    ['for its password', { host: 'a', credential: { username: 'u', password } }, ['u:p']],
    ['for pass', { host: 'a', credential: { pass: () => 'p' } }, ['-:p']],
    ['for a whole credential', { host: 'a', credential: async () => ({ username: 'u', password: 'p' }) }, ['u:p']],
    ['under a dotted key', { host: 'a', 'credential.username': 'u', 'credential.password': password }, ['u:p']],
    [
      'for one of several',
      { connections: { a: 'redis://a', b: 'redis://b' }, credentials: { a: { password: 'q' }, b: { password } } },
      ['-:q', '-:p'],
    ],
    [
      'for whole ones of several',
      { connections: { a: 'redis://a' }, credentials: { a: () => ({ username: 'u', password: 'p' }) } },
      ['u:p'],
    ],
  ];
  for (const [title, source, logins] of good) {
    it(`is taken ${title}`, async () => expect(await open(source)).to.deep.equal(logins));
  }

  for (const [title, answer] of [
    ['nothing', undefined],
    ['a number', 7],
    ['a blank', ''],
  ] as const) {
    it(`is refused where it gives ${title} for a password`, async () => {
      const refusal = await refusalOf(() => open({ host: 'a', credential: { password: () => answer } }));
      expect(refusal.code).to.equal('BAD_CONNECTION');
      expect(refusal.message).to.equal('credential.password is a function that gave no password: return a text');
    });
  }

  it('is refused where it gives no credential', async () => {
    const refusal = await refusalOf(() => open({ host: 'a', credential: () => 'hunter2' }));
    expect(refusal.message).to.equal('credential is a function that gave no credential: return { username, password }');
  });
});

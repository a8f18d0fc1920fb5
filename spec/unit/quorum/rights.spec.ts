import { expect } from 'chai';
import { MARKER } from '../../../lib/master/marker';
import { rightsProbe } from '../../../lib/quorum/rights';

/** What a script is told when it lacks a right, by generation of servers: to a command, and to a key. */
const REFUSALS: readonly (readonly [servers: string, command: string, key: string])[] = [
  [
    'Redis 6',
    "@user_script: 3: The user executing the script can't run this command or subcommand",
    "@user_script: 3: The user executing the script can't access at least one of the keys mentioned in the command arguments",
  ],
  [
    'Redis 7.0',
    "ERR The user executing the script can't run this command or subcommand",
    "ERR The user executing the script can't access at least one of the keys mentioned in the command arguments",
  ],
  [
    'Redis 7.2, Redis 8 and Valkey',
    "ERR ACL failure in script: User app has no permissions to run the 'set' command",
    'ERR ACL failure in script: No permissions to access a key',
  ],
  [
    'whoever answers a script as it does everybody',
    "NOPERM this user has no permissions to run the 'set' command or its subcommand",
    'NOPERM this user has no permissions to access one of the keys used as arguments',
  ],
];

describe('What a login lacks', () => {
  const ALL = { isOn: true, isProved: true };
  const lackingBy = (reply: unknown, keyPrefix = 'app:'): readonly string[] =>
    rightsProbe(keyPrefix, ALL, true)().lacking(reply)?.rights ?? [];

  for (const [servers, command, key] of REFUSALS) {
    it(`is said as an ACL writes it, where ${servers} refused`, () => {
      expect(lackingBy([['set', command, 'app:x']])).to.deep.equal(['+set']);
      expect(lackingBy([['time', command, '']])).to.deep.equal(['+time']);
      expect(lackingBy([['hset', command, MARKER]])).to.deep.equal(['+hset']);
      expect(lackingBy([['set', key, 'app:x']])).to.deep.equal(['~app:*']);
      expect(lackingBy([['hset', key, MARKER]])).to.deep.equal([`~${MARKER}`]);
    });

    it(`is no key where no prefix tells which are needed, where ${servers} refused`, () => {
      expect(lackingBy([['set', key, 'x']], '')).to.deep.equal([]);
      expect(lackingBy([['set', command, 'x']], '')).to.deep.equal(['+set']);
      expect(lackingBy([['hset', key, MARKER]], '')).to.deep.equal([`~${MARKER}`]);
    });
  }

  it('is told from what the server does not know at all', () => {
    const reply = [['time', 'ERR Unknown Redis command called from script script: 0a1b, on @user_script:3.', '']];
    expect(rightsProbe('app:', ALL, true)().lacking(reply)).to.deep.equal({ rights: [], commands: ['TIME'] });
  });

  it('is said once', () => {
    const [, command, key] = REFUSALS[2] ?? [];
    const reply = [
      ['exists', key, 'app:x'],
      ['set', command, 'app:x'],
      ['get', key, 'app:x'],
    ];
    expect(lackingBy(reply)).to.deep.equal(['~app:*', '+set']);
  });

  for (const refusal of [
    "ERR wrong number of arguments for 'hset' command",
    "READONLY You can't write against a read only replica.",
    "OOM command not allowed when used memory > 'maxmemory'.",
    'WRONGTYPE Operation against a key holding the wrong kind of value',
  ]) {
    it(`is nothing where it is something else that was refused: ${refusal}`, () => {
      expect(lackingBy([['hset', refusal, MARKER]])).to.deep.equal([]);
    });
  }

  it('is looked for with the prefix, on a key of the lock alone, which fills no log of refusals', () => {
    const probe = rightsProbe('app:', ALL, true);
    const [first, second] = [probe, rightsProbe('app:', ALL, true)].map((each) => String(each().args[0]));
    expect(probe().args[0]).to.equal(first);
    expect(first).to.match(/^app:redlock:rights:/);
    expect(second)
      .to.match(/^app:redlock:rights:/)
      .and.not.to.equal(first);
  });

  it('is looked for on the marker no further than the guard goes', () => {
    const sourceFor = (isOn: boolean, isProved: boolean): string =>
      rightsProbe('', { isOn, isProved }, true)().script.source;
    expect(sourceFor(true, true)).to.include("'hset'").and.to.include("'hmget'");
    expect(sourceFor(true, false)).to.include("'hset'").and.not.to.include("'hmget'");
    expect(sourceFor(false, false)).not.to.match(/'(?:hset|hgetall|time|hmget)'/);
  });
});

import { expect } from 'chai';
import { parseConfig } from '../../../lib/config/LockConfig';
import type { MasterEndpoint } from '../../../lib/config/MasterEndpoint';
import { resolveMasters } from '../../../lib/config/resolveMasters';
import { ConfigParams, type ConfigSource } from '../../../lib/contract/ConfigParams';
import { Descriptor } from '../../../lib/contract/Descriptor';
import { References } from '../../../lib/contract/References';
import { refusalOf } from './refusal';

const references = References.fromTuples(
  new Descriptor('app', 'discovery', 'memory', 'd', '1.0'),
  { resolveAll: async () => [ConfigParams.fromTuples('sentinels', 'a,b', 'master_name', 'm')] },
  new Descriptor('app', 'credential-store', 'memory', 's', '1.0'),
  { lookup: async () => ConfigParams.fromTuples('password', 'p', 'sentinel_password', 'sp') },
);
const mastersOf = (source: ConfigSource): Promise<readonly MasterEndpoint[]> =>
  resolveMasters(null, parseConfig(source), references);
const addressOf = async (source: ConfigSource): Promise<string | undefined> => (await mastersOf(source))[0]?.address;

describe('sentinels', () => {
  const shapes: [title: string, source: ConfigSource, address: string][] = [
    ['a list', { connection: { sentinels: ['a', 'b:1'], master_name: 'm' } }, 'm@a:26379,b:1'],
    ['a text', { connections: [{ sentinels: 'a, b:1', master_name: 'm' }] }, 'm@a:26379,b:1'],
    ['one', { connections: { x: { sentinels: 'a', master_name: 'm' } } }, 'm@a:26379'],
    [
      'sections',
      { connection: { sentinels: [{ host: 'a' }, { host: '::1', port: 1 }], master_name: 'm' } },
      'm@a:26379,[::1]:1',
    ],
    ['IPv6 addresses', { connection: { sentinels: ['[::1]:1', '[::2]'], master_name: 'm' } }, 'm@[::1]:1,[::2]:26379'],
    [
      'dotted keys',
      ConfigParams.fromTuples('connections.x.sentinels.0', 'a:1', 'connections.x.master_name', 'm'),
      'm@a:1',
    ],
    ['a list at the top level', { sentinels: ['a', 'b'], master_name: 'm' }, 'm@a:26379,b:26379'],
    ['what discovery knows', { connection: { discovery_key: 'k' } }, 'm@a:26379,b:26379'],
  ];
  for (const [title, source, address] of shapes) {
    it(`are read from ${title}, without a warning`, async () => {
      expect(await addressOf(source)).to.equal(address);
      expect(parseConfig(source).warnings).to.deep.equal([]);
    });
  }

  it('have a login of their own, from the connection before the credential', async () => {
    const of = async (connection: object, more: object): Promise<(string | null | undefined)[]> => {
      const [master] = await mastersOf({ connection: { sentinels: 'a', master_name: 'm', ...connection }, ...more });
      const { username, password, sentinelLogin } = master ?? expect.fail('there is no master');
      return [username, password?.reveal(), sentinelLogin?.username, sentinelLogin?.password?.reveal()];
    };
    expect(await of({}, {})).to.deep.equal([null, undefined, null, undefined]);
    expect(await of({ sentinel_password: 'sp' }, {})).to.deep.equal([null, undefined, null, 'sp']);
    expect(
      await of({ password: 'p', sentinel_username: 'su', sentinel_password: 'sp' }, { credential: { password: 'q' } }),
    ).to.deep.equal([null, 'p', 'su', 'sp']);
    expect(await of({}, { credential: { sentinel_password: 'sq' } })).to.deep.equal([null, undefined, null, 'sq']);
    expect(await of({}, { credential: { store_key: 'k' } })).to.deep.equal([null, 'p', null, 'sp']);
    expect(
      await of({ sentinel_password: 'sp' }, { credential: { password: 'q', sentinel_password: 'sq' } }),
    ).to.deep.equal([null, 'q', null, 'sp']);
  });

  it('are none where they are blank, and where what stands beside them is blank it is absent', async () => {
    const blank = { sentinels: ['', ' '], master_name: '', sentinel_username: null, sentinel_password: ' ' };
    expect(await addressOf({ connection: { host: 'a', ...blank } })).to.equal('a:6379');
    const group = { host: '', port: null, uri: ' ', discovery_key: '', sentinels: 'a', master_name: 'm' };
    expect(await addressOf({ connection: group })).to.equal('m@a:26379');
    expect(await addressOf(group)).to.equal('m@a:26379');
  });

  const m = { master_name: 'm' };
  const bad: [title: string, connection: object, message: string][] = [
    ['without a name', { sentinels: ['a'] }, 'connection.master_name is missing'],
    [
      'with the name under the key that ioredis has for it',
      { sentinels: ['a'], name: 'm' },
      'connection.master_name is missing: Sentinels know each master by a name. ' +
        'connection.name is not known: did you mean `master_name`?',
    ],
    [
      'with the name under a misspelt key',
      { sentinels: ['a'], masterName: 'm' },
      'connection.masterName is not known: did you mean `master_name`?',
    ],
    ['with a blank name', { sentinels: ['a'], master_name: ' ' }, 'connection.master_name is missing'],
    ['beside a host', { ...m, sentinels: ['a'], host: 'b' }, 'connection.sentinels stands beside host'],
    ['beside a uri', { ...m, sentinels: ['a'], uri: 'redis://b' }, 'connection.sentinels stands beside uri'],
    ['beside a port', { ...m, sentinels: ['a'], port: 1 }, 'connection.sentinels stands beside port'],
    ['beside a discovery key', { ...m, sentinels: 'a', discovery_key: 'k' }, 'connection.sentinels stands beside disc'],
    ['without any', { master_name: 'm' }, 'connection.master_name has no use without sentinels'],
    ['as a login alone', { host: 'a', sentinel_password: 'hunter2' }, 'connection.sentinel_password has no use'],
    ['as an empty list', { ...m, sentinels: [] }, 'connection.master_name has no use without sentinels'],
    ['as a blank text', { ...m, sentinels: ' ' }, 'connection.master_name has no use without sentinels'],
    ['as blank entries alone', { ...m, sentinels: ['', null] }, 'connection.master_name has no use without sentinels'],
    ['as a section that is blank', { ...m, sentinels: ['a', { host: '' }] }, "connection.sentinels.1.host is ''"],
    ['with an empty entry', { ...m, sentinels: ['a', ''] }, "connection.sentinels.1 is ''"],
    ['with an empty part', { ...m, sentinels: 'a,,b' }, "connection.sentinels is ''"],
    ['as a uri', { ...m, sentinels: ['redis://:hunter2@a'] }, "connection.sentinels.0 is '***': the host:port of one"],
    ['with a wrong port', { ...m, sentinels: ['a:0'] }, "connection.sentinels.0 is 'a:0': the host:port of one"],
    [
      'with a wrong port in a section',
      { ...m, sentinels: [{ host: 'a', port: 0 }] },
      "connection.sentinels.0.port is '0'",
    ],
    ['with a section without a host', { ...m, sentinels: [{ port: 1 }] }, "connection.sentinels.0.host is ''"],
    ['with one twice', { ...m, sentinels: ['a', 'A:26379'] }, 'connection.sentinels names a:26379 twice'],
    [
      'with a user and no password',
      { ...m, sentinels: 'a', sentinel_username: 'u' },
      'connection has a username and no',
    ],
  ];
  for (const [title, connection, message] of bad) {
    it(`are refused ${title}`, async () => {
      const refusal = await refusalOf(() => mastersOf({ connection }));
      expect(refusal.code).to.equal('BAD_CONNECTION');
      expect(refusal.message).to.include(message).and.not.include('hunter2');
    });
  }

  it('are refused with the same hint at the top level', async () => {
    const refusal = await refusalOf(() => parseConfig({ sentinels: ['a'], name: 'm' }));
    expect(refusal.message).to.equal(
      'master_name is missing: Sentinels know each master by a name. name is not known: did you mean `master_name`?',
    );
  });

  it('have a name beside which one for ioredis is warned of', () => {
    const group = { sentinels: ['a'], master_name: 'm', name: 'm' };
    const warned = (key: string): string => `${key}name is not a known setting and is ignored`;
    expect(parseConfig(group).warnings).to.deep.equal([warned('')]);
    expect(parseConfig({ connection: group }).warnings).to.deep.equal([warned('connection.')]);
    expect(parseConfig({ connection: { host: 'a', name: 'm' } }).warnings).to.deep.equal([
      'connection.name is not a known setting and is ignored',
    ]);
  });

  it('are one master under one name where they share one, and another under another name', async () => {
    const [one, other] = [
      { sentinels: ['a', 'b'], master_name: 'm' },
      { sentinels: ['c', 'B:26379'], master_name: 'm' },
    ];
    expect((await refusalOf(() => mastersOf({ connections: { one, other } }))).code).to.equal('DUPLICATE_MASTER');
    expect(await mastersOf({ connections: { one, other: { ...other, master_name: 'n' } } })).to.have.length(2);
  });
});

import { expect } from 'chai';
import { parseConfig } from '../../../lib/config/LockConfig';
import type { MasterEndpoint } from '../../../lib/config/MasterEndpoint';
import { resolveMasters } from '../../../lib/config/resolveMasters';
import { ConfigParams, type ConfigSource } from '../../../lib/contract/ConfigParams';
import type { IContext } from '../../../lib/contract/Context';
import { Descriptor } from '../../../lib/contract/Descriptor';
import { References } from '../../../lib/contract/References';
import { refusalOf } from './refusal';

class Discovery {
  readonly asked: [context: IContext, key: string][] = [];

  constructor(private readonly known: Record<string, (ConfigParams | null)[] | null>) {}

  async resolveAll(context: IContext, key: string): Promise<(ConfigParams | null)[] | null | undefined> {
    this.asked.push([context, key]);
    return this.known[key];
  }
}

const connection = (...tuples: unknown[]): ConfigParams => ConfigParams.fromTuples(...tuples);

const resolve = (source: ConfigSource, ...discoveries: Discovery[]): Promise<readonly MasterEndpoint[]> => {
  const put = discoveries.flatMap((each, at) => [new Descriptor('app', 'discovery', 'memory', `d${at}`, '1.0'), each]);
  return resolveMasters('123', parseConfig(source), new References(put));
};

const named = async (source: ConfigSource, ...discoveries: Discovery[]): Promise<string[]> =>
  (await resolve(source, ...discoveries)).map(({ name, address }) => `${name} ${address}`);

describe('discovery', () => {
  it('is asked for all behind a key, and each answer is a master', async () => {
    const discovery = new Discovery({ k: [connection('host', 'a'), null, connection('uri', 'redis://b:1')] });
    const source = { connections: { x: { discovery_key: 'k' }, y: { host: 'c' } } };
    expect(await named(source, discovery)).to.deep.equal(['x.0 a:6379', 'x.1 b:1', 'y c:6379']);
    expect(discovery.asked.map(([context, key]) => [context.get('trace_id'), key])).to.deep.equal([['123', 'k']]);
  });

  it('gives one master the name of its connection', async () => {
    const discovery = new Discovery({ k: [connection('ip', '10.0.0.1')] });
    expect(await named({ connection: { discovery_key: 'k' } }, discovery)).to.deep.equal(['connection 10.0.0.1:6379']);
    expect(await named({ discovery_key: 'k' }, discovery)).to.deep.equal(['connection 10.0.0.1:6379']);
  });

  it('is asked wherever there is one, and one that knows nothing is passed over', async () => {
    const some = [new Discovery({ k: [connection('host', 'a')] }), new Discovery({ k: null }), new Discovery({})];
    const more = [new Discovery({ k: [connection('host', 'b')] }), new Discovery({ k: [] })];
    const source = { connections: [{ discovery_key: 'k' }] };
    expect(await named(source, ...some, ...more)).to.deep.equal(['0.0 b:6379', '0.1 a:6379']);
  });

  it('is laid over the connection that names the key', async () => {
    const source = { connection: { discovery_key: 'k', host: 'old', port: 7, db: 2, username: 'u', password: 'p' } };
    const [master] = await resolve(
      source,
      new Discovery({ k: [connection('host', 'a', 'db', 3, 'discovery_key', 'z')] }),
    );
    expect([master?.address, master?.db, master?.username, master?.password?.reveal()]).to.deep.equal([
      'a:7',
      3,
      'u',
      'p',
    ]);
  });

  it('replaces an address or a login however the two are spelled', async () => {
    const discovery = new Discovery({ k: [connection('host', 'a', 'user', 'un', 'pass', 'pn')] });
    const source = { connection: { discovery_key: 'k', uri: 'redis://uo:po@old', username: 'uo', password: 'po' } };
    const [master] = await resolve(source, discovery);
    expect([master?.address, master?.username, master?.password?.reveal()]).to.deep.equal(['a:6379', 'un', 'pn']);
    const ip = await resolve(
      { connection: { discovery_key: 'k', host: 'old' } },
      new Discovery({ k: [connection('ip', 'b')] }),
    );
    expect(ip[0]?.address).to.equal('b:6379');
  });

  it('lays no blank value over the connection', async () => {
    const source = { connection: { discovery_key: 'k', port: 7, username: 'u', password: 'p' } };
    const found = connection('host', 'a', 'port', '', 'user', ' ', 'pass', null);
    const [master] = await resolve(source, new Discovery({ k: [found] }));
    expect([master?.address, master?.username, master?.password?.reveal()]).to.deep.equal(['a:7', 'u', 'p']);
  });

  it('matches credentials by the connection that named the key, and a uri still comes first', async () => {
    const discovery = new Discovery({ k: [connection('host', 'a'), connection('uri', 'redis://:own@b')] });
    const source = {
      connections: { x: { discovery_key: 'k' }, y: { host: 'c' } },
      credentials: { x: { password: 'px' }, y: { password: 'py' } },
    };
    const masters = await resolve(source, discovery);
    expect(masters.map(({ password }) => password?.reveal())).to.deep.equal(['px', 'own', 'py']);
  });

  it('encrypts where what is found says rediss', async () => {
    const [master] = await resolve(
      { discovery_key: 'k' },
      new Discovery({ k: [connection('host', 'a', 'protocol', 'REDISS')] }),
    );
    expect(master?.tls).not.to.equal(null);
    const [other] = await resolve(
      { discovery_key: 'k' },
      new Discovery({ k: [connection('host', 'a', 'protocol', 'tcp')] }),
    );
    expect(other?.tls).to.equal(null);
  });

  it('is needed where a key is named', async () => {
    const source = { connections: { x: { discovery_key: 'k' } } };
    for (const references of [null, new References()]) {
      const refusal = await refusalOf(() => resolveMasters('123', parseConfig(source), references));
      expect(refusal.code).to.equal('BAD_CONNECTION');
      expect(refusal.message).to.equal("connections.x.discovery_key is 'k': no discovery is in the references");
    }
  });

  it('is refused where it knows nothing', async () => {
    const refusal = await refusalOf(() =>
      resolve({ discovery_key: 'k' }, new Discovery({}), new Discovery({ k: [null] })),
    );
    expect(refusal.code).to.equal('BAD_CONNECTION');
    expect(refusal.message).to.include("discovery_key is 'k': no discovery knows it");
    expect(refusal.details.getAsString('value')).to.equal('k');
  });

  const bad: [title: string, found: ConfigParams, message: string][] = [
    ['no host', connection('port', 1), 'connections.x.host is missing'],
    ['a blank host', connection('host', ''), 'connections.x.host is missing'],
    ['a garbage port', connection('host', 'a', 'port', 'x'), "connections.x.port is 'x'"],
    ['a wrong uri', connection('uri', 'redis://:hunter2@a:x'), "connections.x.uri is 'redis://***@a:x'"],
  ];
  for (const [title, found, message] of bad) {
    it(`is refused where it finds ${title}`, async () => {
      const source = { connections: { x: { discovery_key: 'k' } } };
      const refusal = await refusalOf(() => resolve(source, new Discovery({ k: [found] })));
      expect(refusal.code).to.equal('BAD_CONNECTION');
      expect(refusal.message).to.include(message);
    });
  }

  it('finds no endpoint twice', async () => {
    const source = { connections: { x: { discovery_key: 'k' }, y: { host: 'a' } } };
    const refusal = await refusalOf(() =>
      resolve(source, new Discovery({ k: [connection('host', 'b'), connection('host', 'A')] })),
    );
    expect(refusal.code).to.equal('DUPLICATE_MASTER');
    expect(refusal.details.getAsString('connections')).to.equal('x.1, y');
  });

  it('passes its own error through', async () => {
    const [failure, discovery] = [new Error('discovery is down'), new Discovery({})];
    discovery.resolveAll = () => Promise.reject(failure);
    const thrown: unknown = await resolve({ discovery_key: 'k' }, discovery).catch((error: unknown) => error);
    expect(thrown).to.equal(failure);
  });
});

import { expect } from 'chai';
import { parseConfig } from '../../../lib/config/LockConfig';
import { resolveMasters } from '../../../lib/config/resolveMasters';
import { ConfigParams, type ConfigSource } from '../../../lib/contract/ConfigParams';
import { type ContextLike, type IContext, Context } from '../../../lib/contract/Context';
import { Descriptor } from '../../../lib/contract/Descriptor';
import { type IReferences, References } from '../../../lib/contract/References';
import { refusalOf } from './refusal';

/** Who logs in where: `name user:password`. */
const logins = async (source: ConfigSource, references: IReferences | null = null): Promise<string[]> =>
  (await resolveMasters(null, parseConfig(source), references)).map(
    ({ name, username, password }) => `${name} ${username ?? '-'}:${password?.reveal() ?? '-'}`,
  );

class Store {
  readonly asked: [context: IContext, key: string][] = [];

  constructor(private readonly stored: Record<string, ConfigParams | null | undefined>) {}

  async lookup(context: IContext, key: string): Promise<ConfigParams | null | undefined> {
    this.asked.push([context, key]);
    return this.stored[key];
  }
}

const referencesOf = (...stores: Store[]): References =>
  new References(
    stores.flatMap((store, at) => [new Descriptor('app', 'credential-store', 'memory', `s${at}`, '1.0'), store]),
  );

const two = { a: { host: 'a' }, b: { host: 'b' } };

describe('credentials', () => {
  const good: [title: string, source: ConfigSource, logins: string[]][] = [
    ['none', { connections: two }, ['a -:-', 'b -:-']],
    ['one for every master', { connections: two, credential: { username: 'u', password: 'p' } }, ['a u:p', 'b u:p']],
    [
      'one in a list for every master',
      { connections: two, credentials: [{ user: 'u', pass: 'p' }] },
      ['a u:p', 'b u:p'],
    ],
    ['a password alone', { connections: two, credential: { password: 'p' } }, ['a -:p', 'b -:p']],
    [
      'several by name, in any order',
      { connections: two, credentials: { b: { password: 'pb' }, a: { password: 'pa' } } },
      ['a -:pa', 'b -:pb'],
    ],
    [
      'several by number',
      { connections: [{ host: 'a' }, { host: 'b' }], credentials: [{ password: 'p0' }, { password: 'p1' }] },
      ['0 -:p0', '1 -:p1'],
    ],
    [
      'credentials before credential',
      { connections: two, credentials: [{ password: 'p' }], credential: { password: 'x' } },
      ['a -:p', 'b -:p'],
    ],
    [
      'a uri before the section before the credential',
      {
        connections: {
          a: { uri: 'redis://ua:pa@a', username: 'x', password: 'x' },
          b: { host: 'b', username: 'ub', password: 'pb' },
          c: { host: 'c' },
        },
        credential: { username: 'u', password: 'p' },
      },
      ['a ua:pa', 'b ub:pb', 'c u:p'],
    ],
    [
      'a password of its own where several leave it out',
      {
        connections: { ...two, c: { uri: 'redis://:pc@c' } },
        credentials: { a: { password: 'pa' }, b: { password: 'pb' } },
      },
      ['a -:pa', 'b -:pb', 'c -:pc'],
    ],
    [
      'a user in the uri and its password in the credential',
      { connection: { uri: 'redis://u@a' }, credential: { password: 'p' } },
      ['connection u:p'],
    ],
    [
      'a user in the uri and its password in the section',
      { connection: { uri: 'redis://u@a', password: 'p' } },
      ['connection u:p'],
    ],
    [
      'the same user twice',
      { connection: { uri: 'redis://u@a' }, credential: { username: 'u', password: 'p' } },
      ['connection u:p'],
    ],
    [
      'no user of a credential for the password of a uri',
      { connection: { uri: 'redis://:p@a' }, credential: { username: 'x', password: 'x' } },
      ['connection -:p'],
    ],
    [
      'blank credentials for none',
      { connections: two, credential: { username: null, password: '', store_key: ' ' } },
      ['a -:-', 'b -:-'],
    ],
    [
      'several blank credentials for none',
      { connections: two, credentials: { a: { password: '' }, b: '' } },
      ['a -:-', 'b -:-'],
    ],
    ['a blank user for none', { host: 'a', credential: { user: ' ', password: 'p' } }, ['connection -:p']],
    [
      'a credential where the password of the connection is blank',
      { connection: { host: 'a', user: '', password: ' ' }, credential: { user: 'u', password: 'p', store_key: '' } },
      ['connection u:p'],
    ],
    ['a login at the top level', { host: 'a', username: 'u', password: 'p' }, ['connection u:p']],
  ];
  for (const [title, source, expected] of good) {
    it(`takes ${title}`, async () => expect(await logins(source)).to.deep.equal(expected));
  }

  const bad: [title: string, source: ConfigSource, message: string][] = [
    [
      'a connection that several leave out',
      { connections: two, credentials: { a: { password: 'hunter2' }, c: { password: 'hunter2' } } },
      'connections.b is left without a credential: the credentials are named a, c',
    ],
    [
      'the only connection, beside several',
      { connection: { host: 'a' }, credentials: { a: { password: 'hunter2' }, b: { password: 'hunter2' } } },
      'connection is left without a credential',
    ],
    ['a credential without password or key', { host: 'a', credential: { username: 'u' } }, 'credential has neither'],
    [
      'a user with a blank password',
      { host: 'a', credential: { user: 'u', password: '' } },
      'credential has neither a password nor a store_key',
    ],
    // Left out, it would leave one credential, and so the password of b to a.
    [
      'a blank credential beside another',
      { connections: two, credentials: { a: { password: '' }, b: { password: 'hunter2' } } },
      'credentials.a has neither a password nor a store_key',
    ],
    [
      'an empty credential beside another',
      { connections: two, credentials: { a: null, b: { password: 'hunter2' } } },
      'credentials.a has neither a password nor a store_key',
    ],
    [
      'a user without a password',
      { connection: { uri: 'redis://hunter2@a' } },
      'connection has a username and no password',
    ],
    [
      'two users where one is meant',
      { connection: { uri: 'redis://hunter2@a' }, credential: { username: 'u', password: 'hunter2' } },
      'connection has one username and its password comes with another',
    ],
    [
      'a store key without references',
      { host: 'a', credential: { store_key: 'k' } },
      "credential.store_key is 'k': no credential",
    ],
    [
      'an entry without settings',
      { host: 'a', credentials: { password: 'hunter2' } },
      'credentials.password has no settings',
    ],
  ];
  for (const [title, source, message] of bad) {
    it(`refuses ${title}`, async () => {
      const refusal = await refusalOf(() => logins(source));
      expect(refusal.code).to.equal('BAD_CONNECTION');
      expect(refusal.message).to.include(message);
      expect(refusal.message).not.to.include('hunter2');
    });
  }
});

describe('credential stores', () => {
  const source = { connections: two, credential: { store_key: 'k' } };

  it('are asked one after another, and the first answer counts', async () => {
    const answer = (password: string): ConfigParams => ConfigParams.fromTuples('username', 'u', 'password', password);
    const [last, middle, asked] = [
      new Store({ k: answer('x') }),
      new Store({ k: answer('p') }),
      new Store({ k: null }),
    ];
    // References give what was put last first.
    expect(await logins(source, referencesOf(last, middle, asked))).to.deep.equal(['a u:p', 'b u:p']);
    expect([asked, middle, last].map((store) => store.asked.length)).to.deep.equal([1, 1, 0]);
    expect(asked.asked[0]?.[1]).to.equal('k');
  });

  const contexts: [title: string, context: ContextLike, traceId: string | undefined][] = [
    ['a trace id', '123', '123'],
    ['nothing', null, undefined],
  ];
  for (const [title, context, traceId] of contexts) {
    it(`are handed a context made of ${title}`, async () => {
      const store = new Store({ k: ConfigParams.fromTuples('password', 'p') });
      await resolveMasters(context, parseConfig(source), referencesOf(store));
      expect(store.asked[0]?.[0].get('trace_id')).to.equal(traceId);
    });
  }

  it('are handed the very context of the caller', async () => {
    const [context, store] = [new Context(), new Store({ k: ConfigParams.fromTuples('password', 'p') })];
    await resolveMasters(context, parseConfig(source), referencesOf(store));
    expect(store.asked[0]?.[0]).to.equal(context);
  });

  it('are asked for each credential with a key, over what stands beside it', async () => {
    const store = new Store({
      ka: ConfigParams.fromTuples('pass', 'pa'),
      kb: ConfigParams.fromTuples('user', 'ub', 'pass', 'pb'),
    });
    const credentials = {
      a: { store_key: 'ka', username: 'ua', password: 'old' },
      b: { store_key: 'kb', username: 'old' },
    };
    expect(await logins({ connections: two, credentials }, referencesOf(store))).to.deep.equal(['a ua:pa', 'b ub:pb']);
  });

  const bad: [title: string, stores: Store[], message: string][] = [
    ['no store in the references', [], "credential.store_key is 'k': no credential store is in the references"],
    ['no store that knows it', [new Store({}), new Store({ k: null })], "'k': no credential store knows it"],
    ['an answer without a password', [new Store({ k: new ConfigParams() })], "'k': what is stored has no password"],
    [
      'an answer with a blank one',
      [new Store({ k: ConfigParams.fromTuples('password', '') })],
      "'k': what is stored has no password",
    ],
  ];
  for (const [title, stores, message] of bad) {
    it(`refuse a key with ${title}`, async () => {
      const refusal = await refusalOf(() => logins(source, referencesOf(...stores)));
      expect(refusal.code).to.equal('BAD_CONNECTION');
      expect(refusal.message).to.include(message);
    });
  }

  it('pass their own errors through', async () => {
    const failure = new Error('store is down');
    const store = new Store({});
    store.lookup = () => Promise.reject(failure);
    const thrown: unknown = await logins(source, referencesOf(store)).catch((error: unknown) => error);
    expect(thrown).to.equal(failure);
  });
});

import { expect } from 'chai';
import { parseConfig } from '../../../lib/config/LockConfig';
import { resolveMasters } from '../../../lib/config/resolveMasters';
import { ConfigParams } from '../../../lib/contract/ConfigParams';
import { Descriptor } from '../../../lib/contract/Descriptor';
import { References } from '../../../lib/contract/References';
import { refusalOf } from './refusal';

const passwordOf = (): string => 'hunter2';
class Provider {}

/** What is said of a value without a text; where it is a function for a password, also where that may stand. */
const told = (key: string, problem: string): string => {
  const isProvider = key.endsWith('password') && problem.startsWith('is a function');
  return `${key} ${problem}${isProvider ? '; a plain object may have a function as credential.password' : ''}`;
};

describe('a value that has no text', () => {
  const functions: [title: string, value: unknown, problem: string][] = [
    ['a function', passwordOf, 'is a function: a value is needed'],
    ['an async function', async () => passwordOf(), 'is a function: a value is needed'],
    ['a class', Provider, 'is a function: a value is needed'],
    ['a Promise', Promise.resolve('hunter2'), 'is a Promise: a value is needed, so await it first'],
    ['what is awaited like one', { then: passwordOf }, 'is a Promise: a value is needed, so await it first'],
  ];
  const places: [key: string, code: string, source: (value: unknown) => Record<string, unknown>][] = [
    ['connection.password', 'BAD_CONNECTION', (value) => ({ connection: { host: 'a', password: value } })],
    ['connections.0.host', 'BAD_CONNECTION', (value) => ({ connections: [{ host: value }] })],
    ['connections.1', 'BAD_CONNECTION', (value) => ({ connections: ['redis://a', value] })],
    ['connections', 'BAD_CONNECTION', (value) => ({ connections: value })],
    ['host', 'BAD_CONNECTION', (value) => ({ host: value })],
    ['connection.tls.ca.0', 'BAD_CONNECTION', (value) => ({ connection: { host: 'a', tls: { ca: [value] } } })],
    [
      'connection.tls.checkServerIdentity',
      'BAD_CONNECTION',
      (value) => ({ 'connection.tls.checkServerIdentity': value }),
    ],
    ['credential.username', 'BAD_CONNECTION', (value) => ({ host: 'a', credential: { username: value } })],
    ['options.key_prefix', 'BAD_OPTION', (value) => ({ host: 'a', options: { key_prefix: value } })],
    ['options', 'BAD_OPTION', (value) => ({ host: 'a', options: value })],
  ];
  for (const [title, value, problem] of functions) {
    for (const [key, code, source] of places) {
      it(`is refused as ${key} where it is ${title}`, async () => {
        for (const given of [() => source(value), () => ConfigParams.fromValue(source(value))]) {
          const refusal = await refusalOf(() => parseConfig(given()));
          expect([refusal.code, refusal.message]).to.deep.equal([code, told(key, problem)]);
          expect(refusal.details.getAsString('key')).to.equal(key);
        }
      });
    }

    it(`is refused in tuples, maps and single values where it is ${title}`, async () => {
      const works = [
        () => ConfigParams.fromTuples('host', 'a', 'password', value),
        () => new ConfigParams({ password: value }),
        () => new ConfigParams().put('password', value),
        () => new ConfigParams().setAsObject('password', value),
      ];
      for (const work of works) expect((await refusalOf(work)).message).to.equal(told('password', problem));
    });

    it(`is refused in what discovery and stores answer where it is ${title}`, async () => {
      const references = References.fromTuples(
        new Descriptor('app', 'discovery', 'memory', 'd', '1.0'),
        { resolveAll: async () => [{ host: value }] },
        new Descriptor('app', 'credential-store', 'memory', 's', '1.0'),
        { lookup: async () => ({ password: value }) },
      );
      const resolve = (source: Record<string, unknown>): unknown =>
        resolveMasters(null, parseConfig(source), references);
      const found = await refusalOf(() => resolve({ connections: { x: { discovery_key: 'k' } } }));
      expect(found.message).to.equal(`connections.x.host ${problem}`);
      const stored = await refusalOf(() => resolve({ host: 'a', credential: { store_key: 'k' } }));
      expect(stored.message).to.equal(told('credential.password', problem));
    });
  }

  it('is refused where the whole configuration is a Promise', async () => {
    const refusal = await refusalOf(() => parseConfig(Promise.resolve({ host: 'a' }) as never));
    expect(refusal.code).to.equal('BAD_OPTION');
    expect(refusal.message).to.equal('The configuration is a Promise: a value is needed, so await it first');
  });

  it('is refused where parameters of another origin have made a text of it, and where it is a Map or a Set', async () => {
    const host = [new Map([['a', 1]]), new Set(['a']), '[object Promise]'];
    for (const each of host) {
      const refusal = await refusalOf(() => parseConfig({ connections: [{ host: each }] }));
      expect(refusal.code).to.equal('BAD_CONNECTION');
      expect(refusal.message).to.match(/^connections\.0\.host is '\[object \w+\]': a value or a section of settings/);
    }
    const refusal = await refusalOf(() => parseConfig({ options: { ttl: new Map() } }));
    expect(refusal.code).to.equal('BAD_OPTION');
  });

  it('is taken where it has one: a URL, and a password in a Buffer', async () => {
    const [master] = await resolveMasters(
      null,
      parseConfig({ connection: { uri: new URL('redis://a:1'), password: Buffer.from('p') } }),
      null,
    );
    expect([master?.address, master?.password?.reveal()]).to.deep.equal(['a:1', 'p']);
  });
});

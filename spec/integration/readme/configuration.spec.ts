import { expect } from 'chai';
import { CONNECTION_KEYS } from '../../../lib/config/Connection';
import { parseConfig } from '../../../lib/config/LockConfig';
import type { LockOptions } from '../../../lib/config/LockOptions';
import { CREDENTIAL_KEYS } from '../../../lib/config/Login';
import { OPTION_KEYS } from '../../../lib/config/readOptions';
import { codeIn, isReserved, libWithout, README, tableOf, type Row } from './readme';

const OPTIONS = tableOf(README, 'key', 'default', 'unit', 'range', 'meaning');
const CONNECTION = tableOf(README, 'key', 'also', 'default', 'meaning');
const CREDENTIAL = tableOf(README, 'key', 'also', 'meaning');

/** The ranges that no two numbers say. */
const OTHER_RANGES: Readonly<Record<string, string>> = {
  drift_factor: '0 to below 1',
  quorum: 'majority to all',
  key_prefix: 'any',
  notify: 'true or false',
  release_on_close: 'true or false',
};

const keyOf = (row: Row): string => codeIn(row['key'] ?? '')[0] ?? '';
const keysIn = (rows: readonly Row[]): readonly string[] =>
  rows.flatMap((row) => [...codeIn(row['key'] ?? ''), ...codeIn(row['also'] ?? '')]);

/** The field that an option is read into. */
function fieldOf(key: string): keyof LockOptions {
  const camelCase = key.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  const { options } = parseConfig({});
  return (camelCase in options ? camelCase : `${camelCase}Ms`) as keyof LockOptions;
}

function codeOf(work: () => unknown): unknown {
  try {
    work();
    return null;
  } catch (error) {
    return (error as { readonly code: unknown }).code;
  }
}

describe("The README's configuration", () => {
  it('has every option, and no other', () => {
    expect(keysIn(OPTIONS)).to.deep.equal(OPTION_KEYS);
  });

  for (const row of OPTIONS) {
    const key = keyOf(row);
    const value = parseConfig({}).options[fieldOf(key)];

    it(`has the default and the unit of ${key}`, () => {
      const [shown = ''] = (row['default'] ?? '').split(' (');
      expect(shown).to.equal(value === '' ? "''" : String(value));
      expect(row['unit'] === 'ms').to.equal(fieldOf(key).endsWith('Ms'));
    });

    it(`has the range of ${key}`, () => {
      const [, min, max] = /^(-?\d+) to (\d+)$/.exec(row['range'] ?? '') ?? [];
      if (min === undefined || max === undefined) return void expect(row['range']).to.equal(OTHER_RANGES[key]);
      const codeWith = (setting: number): unknown => codeOf(() => parseConfig({ options: { [key]: setting } }));
      expect([min, max].map(Number).map(codeWith)).to.deep.equal([null, null]);
      expect([Number(min) - 1, Number(max) + 1].map(codeWith)).to.deep.equal(['BAD_OPTION', 'BAD_OPTION']);
    });

    it(`says rightly whether ${key} has an effect`, () => {
      // Below lib/config every option is named; what has an effect is named elsewhere.
      const isUsed = new RegExp(`\\b${fieldOf(key)}\\b`).test(libWithout('config'));
      expect(isReserved(row)).to.equal(!isUsed);
    });
  }

  it('has every key of a connection, and no other', () => {
    expect(keysIn(CONNECTION)).to.have.members(CONNECTION_KEYS);
  });

  it('has every key of a credential, and no other', () => {
    expect(keysIn(CREDENTIAL)).to.have.members(CREDENTIAL_KEYS);
  });

  it('has the defaults of a connection', () => {
    const shown = Object.fromEntries(CONNECTION.map((row) => [keyOf(row), row['default']]));
    const [connection] = parseConfig({ connection: { host: 'a' } }).connections;

    expect(connection).to.have.property('kind', 'endpoint');
    expect(connection).to.have.nested.property('endpoint.target.port', Number(shown['port']));
    expect(connection).to.have.nested.property('endpoint.db', Number(shown['db']));
    expect(connection).to.have.nested.property('endpoint.tls', null);
    expect([shown['tls'], shown['protocol']]).to.deep.equal(['off', 'redis']);
  });
});

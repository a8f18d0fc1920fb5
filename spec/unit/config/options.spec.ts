import { expect } from 'chai';
import { parseConfig } from '../../../lib/config/LockConfig';
import { type LockOptions, quorumOf } from '../../../lib/config/LockOptions';
import { OPTION_KEYS } from '../../../lib/config/readOptions';
import { ConfigParams } from '../../../lib/contract/ConfigParams';
import { refusalOf } from './refusal';

const optionsOf = (options: Record<string, unknown>): LockOptions => parseConfig({ options }).options;

const DEFAULTS: LockOptions = {
  retries: 3,
  retriesAreSet: false,
  retryTimeoutMs: 100,
  retryJitterMs: 50,
  driftFactor: 0.01,
  quorum: 'majority',
  nodeTimeoutMs: 500,
  connectTimeoutMs: 2000,
  ttlMs: 30000,
  keyPrefix: '',
  restartGuardMs: 60000,
  notify: true,
  releaseOnClose: true,
};
const LONGEST = 2147483647;

/** Every option that is a whole number, with its range. */
const WHOLE: [key: string, field: keyof LockOptions, min: number, max: number][] = [
  ['retries', 'retries', -1, LONGEST],
  ['retry_timeout', 'retryTimeoutMs', 1, LONGEST],
  ['retry_jitter', 'retryJitterMs', 0, LONGEST],
  ['quorum', 'quorum', 1, LONGEST],
  ['node_timeout', 'nodeTimeoutMs', 10, LONGEST],
  ['connect_timeout', 'connectTimeoutMs', 10, LONGEST],
  ['ttl', 'ttlMs', 10, LONGEST],
  ['restart_guard', 'restartGuardMs', 0, LONGEST],
];

const FLAGS: [key: string, field: keyof LockOptions][] = [
  ['notify', 'notify'],
  ['release_on_close', 'releaseOnClose'],
];

describe('options', () => {
  it('have defaults, whole and frozen', () => {
    for (const source of [{}, { options: {} }, new ConfigParams()]) {
      const { options } = parseConfig(source);
      expect(options).to.deep.equal(DEFAULTS);
      expect(options).to.be.frozen;
    }
  });

  it('default the jitter to half of the retry timeout that is set, in whole ms', () => {
    expect(optionsOf({ retry_timeout: 75 }).retryJitterMs).to.equal(37);
    expect(optionsOf({ retry_timeout: 75, retry_jitter: 10 }).retryJitterMs).to.equal(10);
  });

  it('know whether retries were asked for, also when the default was', () => {
    expect(optionsOf({ retries: 3 }).retriesAreSet).to.equal(true);
  });

  for (const [key, field, min, max] of WHOLE) {
    it(`${key} is a whole number from ${min} to ${max}`, async () => {
      expect(optionsOf({ [key]: min })[field]).to.equal(min);
      expect(optionsOf({ [key]: ` ${max} ` })[field]).to.equal(max);
      const bad = [min - 1, max + 1, '12abc', '1.5', 1.5, '0x10', '1e3', 'NaN', '--1'];
      for (const value of bad) {
        const refusal = await refusalOf(() => optionsOf({ [key]: value }));
        const shown = String(value);
        expect(refusal.code, String(value)).to.equal('BAD_OPTION');
        expect(refusal.message).to.equal(
          `options.${key} is '${shown}': a whole number from ${min} to ${max} is needed`,
        );
        expect({ ...refusal.details }).to.deep.equal({
          key: `options.${key}`,
          value: shown,
          bound: `a whole number from ${min} to ${max}`,
        });
      }
    });
  }

  for (const blank of ['', null, undefined, [], {}]) {
    it(`take ${JSON.stringify(blank)} for a value that is left out`, () => {
      expect(optionsOf(Object.fromEntries(OPTION_KEYS.map((key) => [key, blank])))).to.deep.equal(DEFAULTS);
    });
  }

  it('take white space for a value that is left out, except as a prefix', () => {
    const options = optionsOf(Object.fromEntries(OPTION_KEYS.map((key) => [key, ' '])));
    expect(options).to.deep.equal({ ...DEFAULTS, keyPrefix: ' ' });
  });

  const names: [written: string, key: string][] = [
    ['retryCount', 'retries'],
    ['retry_count', 'retries'],
    ['retryDelay', 'retry_timeout'],
    ['retry_delay', 'retry_timeout'],
    ['retryJitter', 'retry_jitter'],
    ['driftFactor', 'drift_factor'],
  ];
  for (const [written, key] of names) {
    it(`take ${written}, the name that redlock has for ${key}`, async () => {
      const value = key === 'drift_factor' ? 0.5 : 7;
      expect(optionsOf({ [written]: value })).to.deep.equal(optionsOf({ [key]: value }));
      expect(optionsOf({ [written]: value, [key]: '' })).to.deep.equal(optionsOf({ [key]: value }));
      expect(parseConfig({ options: { [written]: value } }).warnings).to.deep.equal([]);
      expect((await refusalOf(() => optionsOf({ [written]: 'x' }))).message).to.include(`options.${written} is 'x'`);
      const both = await refusalOf(() => optionsOf({ [written]: value, [key]: value }));
      expect([both.code, both.message]).to.deep.equal([
        'BAD_OPTION',
        `options.${written} is '${value}': options.${key} alone is needed`,
      ]);
    });
  }

  it('drift_factor is a number from 0 to below 1', async () => {
    const good: [unknown, number][] = [
      [0, 0],
      [0.5, 0.5],
      ['.25', 0.25],
      ['0.', 0],
      [1e-7, 1e-7],
      [0.999, 0.999],
    ];
    for (const [value, factor] of good) expect(optionsOf({ drift_factor: value }).driftFactor).to.equal(factor);
    for (const value of [1, -0.1, '0.1x', 'x', '.', '1e', '1%', Infinity]) {
      const refusal = await refusalOf(() => optionsOf({ drift_factor: value }));
      expect(refusal.code, String(value)).to.equal('BAD_OPTION');
      expect(refusal.message).to.match(/^options\.drift_factor is '.*': a number from 0 to below 1 is needed$/);
    }
  });

  for (const [key, field] of FLAGS) {
    it(`${key} is a yes or a no`, async () => {
      for (const value of [true, 'True', 'TRUE', ' yes ', 'YES', 1, '1']) {
        expect(optionsOf({ [key]: value })[field], String(value)).to.equal(true);
      }
      for (const value of [false, 'False', 'no', 'No', 0, '0']) {
        expect(optionsOf({ [key]: value })[field], String(value)).to.equal(false);
      }
      for (const value of ['on', 'y', '2', 'truee']) {
        const refusal = await refusalOf(() => optionsOf({ [key]: value }));
        expect(refusal.code, String(value)).to.equal('BAD_OPTION');
        expect(refusal.message).to.include(`options.${key} is '${value}': true or false`);
      }
    });
  }

  it('key_prefix is taken as it is written', () => {
    expect(optionsOf({ key_prefix: ' a: ' }).keyPrefix).to.equal(' a: ');
  });

  it('are refused where they are no section', async () => {
    const refusal = await refusalOf(() => parseConfig({ options: 'fast' }));
    expect(refusal.code).to.equal('BAD_OPTION');
    expect(refusal.message).to.include("options is 'fast'");
  });

  it('hide a value that looks like anything but a setting', async () => {
    const refusal = await refusalOf(() => optionsOf({ ttl: 'redis://:hunter2@host' }));
    expect(refusal.message).to.equal("options.ttl is '***': a whole number from 10 to 2147483647 is needed");
  });
});

describe('quorumOf', () => {
  const majorities: [masters: number, quorum: number][] = [
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 3],
    [5, 3],
    [7, 4],
  ];
  for (const [masters, quorum] of majorities) {
    it(`is ${quorum} of ${masters} masters`, () => {
      expect(quorumOf(optionsOf({}), masters)).to.equal(quorum);
      expect(quorumOf(optionsOf({ quorum: ' Majority ' }), masters)).to.equal(quorum);
    });
  }

  it('is what was asked for, from a majority to all', () => {
    for (const quorum of [3, 4, 5]) expect(quorumOf(optionsOf({ quorum }), 5)).to.equal(quorum);
  });

  for (const quorum of [1, 2, 6]) {
    it(`refuses ${quorum} of 5, and says what would do`, async () => {
      const refusal = await refusalOf(() => quorumOf(optionsOf({ quorum }), 5));
      expect(refusal.code).to.equal('BAD_OPTION');
      expect(refusal.message).to.equal(
        `options.quorum is '${quorum}': a whole number from 3 (a majority of 5 masters) to 5 is needed`,
      );
    });
  }
});

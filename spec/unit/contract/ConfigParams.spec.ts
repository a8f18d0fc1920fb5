import { expect } from 'chai';
import { StringValueMap } from 'pip-services4-commons-node';
import { ConfigParams } from '../../../lib/contract/ConfigParams';

const entriesOf = (config: ConfigParams): unknown => Object.entries(config);

describe('ConfigParams', () => {
  it('is a string map of the commons package', () => {
    expect(new ConfigParams({ port: 6379 })).to.be.instanceOf(StringValueMap);
    expect(new ConfigParams({ port: 6379 }).getAsInteger('port')).to.equal(6379);
  });

  it('reads tuples, and turns every value into a string', () => {
    const config = ConfigParams.fromTuples('host', 'localhost', 'port', 6379, 'tls', true);
    expect(config).to.be.instanceOf(ConfigParams);
    expect(entriesOf(config)).to.deep.equal([
      ['host', 'localhost'],
      ['port', '6379'],
      ['tls', 'true'],
    ]);
  });

  it('flattens nested objects and arrays', () => {
    const config = ConfigParams.fromValue({ options: { ttl: 5 }, connections: [{ host: 'a' }, { host: 'b' }] });
    expect(config).to.be.instanceOf(ConfigParams);
    expect(entriesOf(config)).to.deep.equal([
      ['options.ttl', '5'],
      ['connections.0.host', 'a'],
      ['connections.1.host', 'b'],
    ]);
  });

  it('leaves no section out for its name or for its prototype', () => {
    const bare = Object.assign(Object.create(null) as object, { host: 'b' });
    const config = ConfigParams.fromValue({ connections: { _a: { host: 'a' }, b: bare } });
    expect({ ...config }).to.eql({ 'connections._a.host': 'a', 'connections.b.host': 'b' });
  });

  it('passes over an object that contains itself', () => {
    const config: Record<string, unknown> = { host: 'a' };
    config.self = config;
    expect({ ...ConfigParams.fromValue(config) }).to.eql({ host: 'a' });
  });

  it('reads a line', () => {
    const config = ConfigParams.fromString('host=localhost;uri=redis://h?a=b');
    expect(config).to.be.instanceOf(ConfigParams);
    expect(entriesOf(config)).to.deep.equal([
      ['host', 'localhost'],
      ['uri', 'redis://h?a=b'],
    ]);
  });

  it('merges, and the later wins', () => {
    const merged = ConfigParams.mergeConfigs(
      ConfigParams.fromTuples('a', 1, 'b', 1),
      ConfigParams.fromTuples('b', 2, 'c', 2),
    );
    expect(merged).to.be.instanceOf(ConfigParams);
    expect(entriesOf(merged)).to.deep.equal([
      ['a', '1'],
      ['b', '2'],
      ['c', '2'],
    ]);
  });

  it('gives a section without its name, and no key that merely begins alike', () => {
    const config = ConfigParams.fromTuples('a.host', 'x', 'ab.host', 'y', 'a', 'z', 'a.tls.ca', 'c');
    expect(entriesOf(config.getSection('a'))).to.deep.equal([
      ['host', 'x'],
      ['tls.ca', 'c'],
    ]);
    expect(config.getSection('none').length()).to.equal(0);
  });

  it('names its sections once, in order of first appearance and in their own case', () => {
    const config = ConfigParams.fromTuples('Beta.host', 1, 'alpha.host', 2, 'Beta.port', 3, 'beta', 4, '.dot', 5);
    expect(config.getSectionNames()).to.deep.equal(['Beta', 'alpha', 'beta', '.dot']);
  });

  it('adds a section; an empty name on either side adds no dot', () => {
    const config = new ConfigParams();
    config.addSection('a', ConfigParams.fromTuples('host', 'x', '', 'self'));
    config.addSection('', ConfigParams.fromTuples('top', 'y'));
    expect(entriesOf(config)).to.deep.equal([
      ['a.host', 'x'],
      ['a', 'self'],
      ['top', 'y'],
    ]);
  });

  it('overrides and defaults into a new configuration', () => {
    const config = ConfigParams.fromTuples('a', 1, 'b', 1);
    const other = ConfigParams.fromTuples('b', 2, 'c', 2);
    expect(config.override(other)).to.deep.equal(ConfigParams.fromTuples('a', 1, 'b', 2, 'c', 2));
    expect(config.setDefaults(other)).to.deep.equal(ConfigParams.fromTuples('b', 1, 'c', 2, 'a', 1));
    expect(config).to.deep.equal(ConfigParams.fromTuples('a', 1, 'b', 1));
  });
});

import { expect } from 'chai';
import { InternalException } from 'pip-services4-commons-node';
import { Descriptor } from '../../../lib/contract/Descriptor';
import { References } from '../../../lib/contract/References';

const locator = (text: string): Descriptor => Descriptor.fromString(text);
const first = { name: 'first' };
const second = { name: 'second' };
const plain = { name: 'plain' };
const FIRST = locator('g:store:memory:first:1.0');
const SECOND = locator('g:store:memory:second:1.0');
const STORES = locator('*:store:*:*:1.0');
const NONE = locator('*:nothing:*:*:*');

const filled = (): References => References.fromTuples(FIRST, first, SECOND, second, 'plain', plain);

const expectRefError = (work: () => unknown): void => {
  expect(work).to.throw(InternalException).with.property('code', 'REF_ERROR');
};

describe('References', () => {
  it('lists locators and components in the order in which they were put', () => {
    expect(filled().getAllLocators()).to.deep.equal([FIRST, SECOND, 'plain']);
    expect(filled().getAll()).to.deep.equal([first, second, plain]);
  });

  it('leaves out a locator that has no component behind it in the tuples', () => {
    expect(new References([FIRST, first, SECOND]).getAll()).to.deep.equal([first]);
  });

  it('finds what was put last first', () => {
    expect(filled().getOptional(STORES)).to.deep.equal([second, first]);
    expect(filled().getRequired(STORES)).to.deep.equal([second, first]);
    expect(filled().find(STORES, false)).to.deep.equal([second, first]);
    expect(filled().getOneOptional(STORES)).to.equal(second);
    expect(filled().getOneRequired(STORES)).to.equal(second);
  });

  it('finds by any other locator, and by the component itself', () => {
    expect(filled().getOptional('plain')).to.deep.equal([plain]);
    expect(filled().getOptional(first)).to.deep.equal([first]);
  });

  it('does not take one part of a descriptor for another kind of locator', () => {
    expect(filled().getOptional('g:store:memory:first:1.0')).to.deep.equal([]);
    expect(References.fromTuples('store', first).getOptional(STORES)).to.deep.equal([]);
  });

  it('gives nothing where nothing matches', () => {
    expect(filled().getOptional(NONE)).to.deep.equal([]);
    expect(filled().find(NONE, false)).to.deep.equal([]);
    expect(filled().getOneOptional(NONE)).to.equal(null);
    expect(filled().getOptional(null)).to.deep.equal([]);
    expect(References.fromTuples(null, first).getOptional(null)).to.deep.equal([]);
  });

  it('refuses where what is required is not there', () => {
    expectRefError(() => filled().getRequired(NONE));
    expectRefError(() => filled().getOneRequired(NONE));
    expectRefError(() => filled().find(NONE, true));
    expectRefError(() => filled().find(undefined, true));
  });

  it('names the locator that is missing', () => {
    expect(() => filled().getRequired(NONE))
      .to.throw(InternalException, '*:nothing:*:*:*')
      .with.nested.property('details.locator', '*:nothing:*:*:*');
  });

  it('refuses a locator without a component', () => {
    expectRefError(() => new References().put(FIRST, null));
    expectRefError(() => new References().put(FIRST, undefined));
  });

  it('removes one, the last put, or all', () => {
    const references = filled();
    expect(references.remove(STORES)).to.equal(second);
    expect(references.getAll()).to.deep.equal([first, plain]);
    expect(references.remove(NONE)).to.equal(null);
    expect(references.remove(null)).to.equal(null);

    const others = filled();
    expect(others.removeAll(STORES)).to.deep.equal([second, first]);
    expect(others.getAll()).to.deep.equal([plain]);
    expect(others.removeAll(NONE)).to.deep.equal([]);
  });

  it('finds what was put under a descriptor of another library', () => {
    class Foreign {
      getGroup = (): string => 'g';
      getType = (): string => 'store';
      getKind = (): null => null;
      getName = (): null => null;
      getVersion = (): string => '1.0';
    }
    Object.defineProperty(Foreign, 'name', { value: 'Descriptor' });
    const references = References.fromTuples(new Foreign(), first);
    expect(references.getOptional(STORES)).to.deep.equal([first]);
    expect(references.getOptional(NONE)).to.deep.equal([]);
  });
});

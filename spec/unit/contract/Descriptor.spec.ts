import { expect } from 'chai';
import { ConfigException } from 'pip-services4-commons-node';
import { Descriptor as Ours, isDescriptor } from '../../../lib/contract/Descriptor';

/** A class of the same name with nothing else in common: what Pip.Services v4's own looks like from here. */
const Theirs = (() => {
  class Descriptor {
    constructor(private readonly parts: (string | undefined)[]) {}
    getGroup = (): string | null => this.parts[0] as string;
    getType = (): string | null => this.parts[1] as string;
    getKind = (): string | null => this.parts[2] as string;
    getName = (): string | null => this.parts[3] as string;
    getVersion = (): string | null => this.parts[4] as string;
  }
  return Descriptor;
})();

const full = Ours.fromString('g:t:k:n:1.0');
const PARTS = ['g', 't', 'k', 'n', '1.0'] as const;
const withPart = (at: number, part: string): Ours =>
  Ours.fromString(PARTS.map((p, i) => (i === at ? part : p)).join(':'));

describe('Descriptor', () => {
  it('keeps the class name that Pip.Services v4 looks for', () => {
    expect(Ours.name).to.equal('Descriptor');
  });

  it('gives its parts, and null for what matches anything', () => {
    const partsOf = (d: Ours): unknown => [d.getGroup(), d.getType(), d.getKind(), d.getName(), d.getVersion()];
    expect(partsOf(full)).to.deep.equal([...PARTS]);
    expect(partsOf(new Ours('*', '*', '*', '*', '*'))).to.deep.equal([null, null, null, null, null]);
    expect(partsOf(new Ours(null, null, null, null, null))).to.deep.equal([null, null, null, null, null]);
  });

  for (const at of PARTS.keys()) {
    it(`matches by its part ${at + 1}, and by an open one on either side`, () => {
      expect(full.match(withPart(at, 'other'))).to.equal(false);
      expect(full.match(withPart(at, '*'))).to.equal(true);
      expect(withPart(at, '*').match(full)).to.equal(true);
    });

    it(`matches exactly by its part ${at + 1}, an open one with an open one only`, () => {
      expect(full.exactMatch(withPart(at, 'other'))).to.equal(false);
      expect(full.exactMatch(withPart(at, '*'))).to.equal(false);
      expect(withPart(at, '*').exactMatch(withPart(at, '*'))).to.equal(true);
    });

    it(`is complete only with its part ${at + 1}`, () => {
      expect(withPart(at, '*').isComplete()).to.equal(false);
    });
  }

  it('is complete with all parts, and matches itself', () => {
    expect(full.isComplete()).to.equal(true);
    expect(full.exactMatch(Ours.fromString('g:t:k:n:1.0'))).to.equal(true);
  });

  it('equals the descriptors of another library that it matches, open parts as undefined too', () => {
    expect(full.equals(new Theirs(['g', undefined, 'k', 'n', '1.0']))).to.equal(true);
    expect(full.equals(new Theirs(['x', undefined, 'k', 'n', '1.0']))).to.equal(false);
  });

  it('equals nothing that is no descriptor', () => {
    for (const value of [null, undefined, 'g:t:k:n:1.0', {}, Object.create(null)]) {
      expect(full.equals(value), String(typeof value)).to.equal(false);
      expect(isDescriptor(value), String(typeof value)).to.equal(false);
    }
  });

  it('writes and reads the parts between colons', () => {
    expect(new Ours('g', '*', 'k', null, '1.0').toString()).to.equal('g:*:k:*:1.0');
    expect(Ours.fromString(' g : * :k:*:1.0 ').toString()).to.equal('g:*:k:*:1.0');
  });

  for (const text of ['', 'g:t:k:n', 'g:t:k:n:1.0:more', 'g::k:n:1.0', ' :t:k:n:1.0']) {
    it(`refuses '${text}'`, () => {
      expect(() => Ours.fromString(text))
        .to.throw(ConfigException)
        .with.property('code', 'BAD_DESCRIPTOR');
    });
  }
});

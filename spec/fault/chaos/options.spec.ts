import { expect } from 'chai';
import { readCommand } from '../../../chaos/options';

const optionsOf = (...args: readonly string[]) => {
  const command = readCommand(args);
  return command.kind === 'run' ? command.options : null;
};

describe('The options of a chaos run', () => {
  it('have defaults, and a seed of their own for each run', () => {
    expect(optionsOf()).to.deep.include({ seconds: 30, sizes: [3, 5], isGuarded: true });
    expect(optionsOf()?.seed).to.not.equal(optionsOf()?.seed);
  });

  it('are read', () => {
    expect(optionsOf('--seconds', '120', '--seed', '0', '--masters', '4', '--no-guard')).to.deep.equal({
      seconds: 120,
      seed: 0,
      sizes: [4],
      isGuarded: false,
    });
    expect(readCommand(['--help'])).to.deep.equal({ kind: 'help' });
  });

  for (const args of [
    ['--seconds', '4'],
    ['--seconds', '1e3'],
    ['--seed', '4294967296'],
    ['--seed', '-1'],
    ['--masters', '0'],
    ['--masters', '3,5'],
    ['--masters'],
    ['--colour', 'red'],
    ['more'],
  ]) {
    it(`are refused in one line: ${args.join(' ')}`, () => {
      const command = readCommand(args);

      expect(command.kind).to.equal('refused');
      expect(command)
        .to.have.property('reason')
        .that.matches(/^[^\n]+$/);
    });
  }
});

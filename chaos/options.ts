import { parseArgs } from 'node:util';

/** What a run is asked for. */
export interface ChaosOptions {
  /** How long the faults last, over all sets of masters together, in s. */
  readonly seconds: number;
  readonly seed: number;
  /** The sizes of the sets of masters, one after the other. */
  readonly sizes: readonly number[];
  /** False turns the restart guard off, to see what it prevents. */
  readonly isGuarded: boolean;
}

/** What the command line says. */
export type Command =
  | { readonly kind: 'run'; readonly options: ChaosOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'refused'; readonly reason: string };

/** What `--help` prints. */
export const HELP = `Usage: npm run chaos -- [options]

Worker processes contend for three locks, while Redis masters, the links to them and the workers themselves hang, die,
forget, and come back. Then every worker's log is judged.

  --seconds <n>  how long the faults last, all sets of masters together, 5 to 86400 (default: 30)
  --seed <n>     replays a schedule, 0 to 4294967295 (default: a random one, which is printed)
  --masters <n>  one set of so many masters, 1 to 7 (default: one of 3, then one of 5, each for half of the time)
  --no-guard     turns the restart guard off, to see what it prevents
  --help         this text

Exit code: 0 when nothing went wrong, 1 when anything did, 2 for options that cannot be read.
`;

/** Reads the arguments that follow the script's name. */
export function readCommand(args: readonly string[]): Command {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        seconds: { type: 'string', default: '30' },
        seed: { type: 'string' },
        masters: { type: 'string' },
        'no-guard': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return { kind: 'help' };
    const seconds = wholeNumber('--seconds', values.seconds, 5, 86_400);
    const seed =
      values.seed === undefined
        ? Math.floor(Math.random() * 2 ** 32)
        : wholeNumber('--seed', values.seed, 0, 2 ** 32 - 1);
    const sizes = values.masters === undefined ? [3, 5] : [wholeNumber('--masters', values.masters, 1, 7)];
    return { kind: 'run', options: { seconds, seed, sizes, isGuarded: !values['no-guard'] } };
  } catch (error) {
    // parseArgs goes on with advice of its own, over several lines.
    const [reason = ''] = String((error as Error).message).split(/\.?\n|\. /);
    return { kind: 'refused', reason };
  }
}

function wholeNumber(name: string, value: string, least: number, most: number): number {
  const number = /^\d{1,10}$/.test(value) ? Number(value) : NaN;
  if (number >= least && number <= most) return number;
  throw new Error(`${name} takes a whole number from ${least} to ${most}, not "${value}"`);
}

import { parseArgs } from 'node:util';

/** What the demo is asked to do. */
export interface DemoOptions {
  /** False shows what happens without. */
  readonly withLock: boolean;
  /** How many lines each worker writes. */
  readonly lines: number;
  readonly workers: number;
}

/** What the command line says. */
export type Command =
  | { readonly kind: 'run'; readonly options: DemoOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'refused'; readonly reason: string };

/** What `--help` prints. */
export const HELP = `Usage: npm run demo -- [options]

Worker processes write one shared file under the lock, while Redis masters die and come back.

  --lines <n>    lines that each worker writes, 1 to 1000 (default: 250)
  --workers <n>  worker processes, 1 to 8 (default: 4)
  --no-lock      the same work without the lock, to see what it prevents
  --help         this text

Exit code: 0 when every line is there and in order, 1 when not, 2 for options that cannot be read.
`;

/** Reads the arguments that follow the script's name. */
export function readCommand(args: readonly string[]): Command {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        lines: { type: 'string', default: '250' },
        workers: { type: 'string', default: '4' },
        'no-lock': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return { kind: 'help' };
    const lines = wholeNumber('--lines', values.lines, 1000);
    const workers = wholeNumber('--workers', values.workers, 8);
    return { kind: 'run', options: { withLock: !values['no-lock'], lines, workers } };
  } catch (error) {
    // parseArgs goes on with advice of its own, over several lines.
    const [reason = ''] = String((error as Error).message).split(/\.?\n|\. /);
    return { kind: 'refused', reason };
  }
}

function wholeNumber(name: string, value: string, max: number): number {
  const number = /^\d+$/.test(value) ? Number(value) : NaN;
  if (number >= 1 && number <= max) return number;
  throw new Error(`${name} takes a whole number from 1 to ${max}, not "${value}"`);
}

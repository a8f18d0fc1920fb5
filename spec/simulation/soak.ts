import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { runWorker } from './runWorker';
import { WRONGS } from './wrongs';

const USAGE = `npm run soak -- [--seeds N] [--from SEED] [--jobs N] [--wrong PLACE]

  --seeds  how many schedules are run (10000)
  --from   the first seed (1)
  --jobs   how many processes share them (one for each core)
  --wrong  puts in a fault, by its place in the list, and looks for the first seed that finds it:
${WRONGS.map(({ name }, place) => `             ${place}  ${name}`).join('\n')}
`;

const TOLD_EVERY_MS = 5000;

/** How far the workers have come, and what they have found. */
class Progress {
  readonly #startedMs = performance.now();
  readonly #done = new Map<number, { readonly seeds: number; readonly cpuMs: number }>();
  found = 0;

  constructor(private readonly seeds: number) {}

  update(job: number, done: { readonly seeds: number; readonly cpuMs: number }): void {
    this.#done.set(job, done);
  }

  tell(): void {
    const all = [...this.#done.values()];
    const seeds = all.reduce((sum, done) => sum + done.seeds, 0);
    const cpuS = all.reduce((sum, done) => sum + done.cpuMs, 0) / 1000;
    const tookS = Math.round((performance.now() - this.#startedMs) / 1000);
    const pace = cpuS === 0 ? 0 : Math.round(seeds / cpuS);
    console.log(
      `${seeds} of ${this.seeds} seeds in ${tookS} s, ${pace} for each second of a core, ${this.found} found`,
    );
  }
}

async function soak(from: number, seeds: number, jobs: number): Promise<number> {
  const progress = new Progress(seeds);
  const each = Math.ceil(seeds / jobs);
  const workers = Array.from({ length: jobs }, (_, job) => {
    const count = Math.max(0, Math.min(each, seeds - job * each));
    return runWorker(['hunt', String(from + job * each), String(count)], (said) => {
      if (said.kind === 'done') progress.update(job, said);
      if (said.kind !== 'found') return;
      progress.found += 1;
      console.log(`\n${said.text}\n`);
    });
  });
  const timer = setInterval(() => progress.tell(), TOLD_EVERY_MS);
  const codes = await Promise.all(workers);
  clearInterval(timer);
  progress.tell();
  return progress.found > 0 || codes.some((code) => code !== 0) ? 1 : 0;
}

async function find(place: string, from: number, seeds: number): Promise<number> {
  let isFound = false;
  const code = await runWorker(['find', place, String(from), String(seeds)], (said) => {
    if (said.kind !== 'wrong') return;
    isFound = said.violation !== null;
    console.log(isFound ? `${said.name}: seed ${said.seed}, ${said.violation}` : `${said.name}: not found`);
  });
  return code === 0 && isFound ? 0 : 1;
}

/** A whole number from 1 on; null where it is none. */
function countIn(text: string | undefined, otherwise: number): number | null {
  const count = text === undefined ? otherwise : Number(text);
  return Number.isSafeInteger(count) && count > 0 ? count : null;
}

async function main(): Promise<number> {
  const text = { type: 'string' } as const;
  const options = { seeds: text, from: text, jobs: text, wrong: text, help: { type: 'boolean' } } as const;
  try {
    const { values } = parseArgs({ options });
    const [seeds, from, jobs] = [
      countIn(values.seeds, 10_000),
      countIn(values.from, 1),
      countIn(values.jobs, availableParallelism()),
    ];
    const isNoFault = values.wrong !== undefined && !Object.hasOwn(WRONGS, values.wrong);
    if (values.help === true || isNoFault || seeds === null || from === null || jobs === null) {
      console.log(USAGE);
      return values.help === true ? 0 : 2;
    }
    return await (values.wrong === undefined ? soak(from, seeds, jobs) : find(values.wrong, from, seeds));
  } catch (error) {
    console.error((error as Error).message);
    return 2;
  }
}

void main().then((code) => (process.exitCode = code));

import { replacePlatform } from './environment';
import { shrink, violationIn } from './hunt';
import { scheduleOf } from './schedule/schedules';
import { WRONGS } from './wrongs';

/**
 * A process of its own, since time, chance and sockets are replaced in all of it. Says what it has found as lines of JSON,
 * each a {@link Said}.
 *
 * - `hunt FROM COUNT`: runs that many seeds, and shortens what is violated
 * - `wrongs`: puts in each fault in turn, and runs the seed that is known to find it
 * - `find WRONG FROM COUNT`: looks for the first seed that finds a fault, by its place in the list
 */
export type Said =
  | { readonly kind: 'done'; readonly seeds: number; readonly cpuMs: number }
  | { readonly kind: 'found'; readonly seed: number; readonly text: string }
  | { readonly kind: 'wrong'; readonly name: string; readonly seed: number; readonly violation: string | null };

/** So many seeds are run between two reports. */
const REPORTED = 100;

const say = (said: Said): void => void process.stdout.write(`${JSON.stringify(said)}\n`);

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return Math.round((user + system) / 1000);
};

async function hunt(from: number, count: number): Promise<void> {
  // Whoever follows a finding runs its seed again.
  Error.stackTraceLimit = 0;
  for (let seed = from; seed < from + count; seed += 1) {
    if ((await violationIn(scheduleOf(seed))) !== null) {
      say({ kind: 'found', seed, text: (await shrink(seed)) ?? `seed ${seed}: passes when it is run again` });
    }
    const seeds = seed + 1 - from;
    if (seeds % REPORTED === 0 || seeds === count) say({ kind: 'done', seeds, cpuMs: cpuMs() });
  }
}

async function wrongs(): Promise<void> {
  for (const wrong of WRONGS) {
    const violation = await violationIn(scheduleOf(wrong.seed), wrong);
    say({ kind: 'wrong', name: wrong.name, seed: wrong.seed, violation });
  }
}

async function find(place: number, from: number, count: number): Promise<void> {
  const wrong = WRONGS[place];
  if (wrong === undefined) throw new Error(`there are ${WRONGS.length} faults to put in`);
  for (let seed = from; seed < from + count; seed += 1) {
    const violation = await violationIn(scheduleOf(seed), wrong);
    const isMeant = wrong.found.some((kind) => violation?.startsWith(`${kind}:`));
    if (isMeant) return say({ kind: 'wrong', name: wrong.name, seed, violation });
  }
  say({ kind: 'wrong', name: wrong.name, seed: from + count - 1, violation: null });
}

async function main([task = '', ...rest]: readonly string[]): Promise<void> {
  const [first = 0, second = 0, third = 0] = rest.map(Number);
  replacePlatform();
  if (task === 'hunt') return hunt(first, second);
  if (task === 'wrongs') return wrongs();
  if (task === 'find') return find(first, second, third);
  throw new Error(`no such task: ${task}`);
}

void main(process.argv.slice(2));

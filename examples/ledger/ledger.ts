import { readFile, rename, writeFile } from 'node:fs/promises';

/** One line of the ledger: its number, who wrote it, and which of the writer's own lines it is. All count from 1. */
export interface Entry {
  readonly number: number;
  readonly worker: string;
  readonly line: number;
}

/** Who was to write how much. */
export interface Assignment {
  readonly workers: readonly string[];
  /** By each of them. */
  readonly lines: number;
}

/** Something that a ledger of one writer at a time cannot have. `at` is a place in the file, counted from 1. */
export type Fault =
  /** It was to be written, and is not there: another writer's update went over it. */
  | { readonly kind: 'lost'; readonly worker: string; readonly line: number }
  | { readonly kind: 'duplicate'; readonly at: number; readonly worker: string; readonly line: number }
  /** Its number is not one more than that of the line above. */
  | { readonly kind: 'misnumbered'; readonly at: number }
  /** A later line of the same worker stands above it. */
  | { readonly kind: 'overtaken'; readonly at: number }
  /** No line that anybody was to write. */
  | { readonly kind: 'foreign'; readonly at: number; readonly text: string };

/** What the ledger says of how it was written. */
export interface Verdict {
  /** How many lines it has. */
  readonly lines: number;
  /** Empty for a ledger that is whole and in order. */
  readonly faults: readonly Fault[];
}

/**
 * Appends one line whose number is one more than the last: reads the whole ledger and writes the whole ledger, as
 * anything does that has to look at shared data before it changes them. Two at once read the same ledger, and whoever
 * writes last takes the other's line away: it is for one writer at a time, and does nothing itself to be the only one.
 */
export async function append(ledger: string, worker: string, line: number): Promise<void> {
  const text = await readFile(ledger, 'utf8');
  const last = parse(text.slice(text.lastIndexOf('\n', text.length - 2) + 1, -1));
  const number = (last?.number ?? 0) + 1;
  // Readers see the old ledger or the new one, never half of it: what may be lost are whole lines, so they can be counted.
  const draft = `${ledger}.${worker}`;
  await writeFile(draft, `${text}${number} ${worker} ${line}\n`);
  await rename(draft, ledger);
}

/** Judges a ledger by its text alone: nobody who wrote it is asked. */
export function judge(text: string, { workers, lines }: Assignment): Verdict {
  const written = text.split('\n');
  // What follows the last line's end is empty, or is a line that was not finished.
  if (written.at(-1) === '') written.pop();
  const faults: Fault[] = [];
  const seen = new Map(workers.map((worker) => [worker, new Set<number>()]));
  let number = 0;
  for (const [index, content] of written.entries()) {
    const at = index + 1;
    const entry = parse(content);
    const own = entry && seen.get(entry.worker);
    if (!entry || !own || entry.line < 1 || entry.line > lines) {
      faults.push({ kind: 'foreign', at, text: content });
      continue;
    }
    if (entry.number !== number + 1) faults.push({ kind: 'misnumbered', at });
    number = entry.number;
    if (own.has(entry.line)) faults.push({ kind: 'duplicate', at, worker: entry.worker, line: entry.line });
    else if (entry.line < Math.max(0, ...own)) faults.push({ kind: 'overtaken', at });
    own.add(entry.line);
  }
  for (const [worker, own] of seen) {
    for (let line = 1; line <= lines; line++) if (!own.has(line)) faults.push({ kind: 'lost', worker, line });
  }
  return { lines: written.length, faults };
}

function parse(content: string): Entry | null {
  const [, number, worker, line] = /^(\d+) (\S+) (\d+)$/.exec(content) ?? [];
  if (number === undefined || worker === undefined || line === undefined) return null;
  return { number: Number(number), worker, line: Number(line) };
}

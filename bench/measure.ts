/** One way to acquire a lock and give it back. */
export interface Contender {
  readonly name: string;
  /** Acquires and releases the lock of one key; throws when it does not get it. */
  pair(key: string): Promise<void>;
  close(): Promise<void>;
}

/** What the rounds of one contender came to. */
export interface Figures {
  readonly name: string;
  /** Medians over the rounds. */
  readonly value: number;
  /** The median of the rounds' own ratios to the baseline of the same round. */
  readonly ratio: number;
  /** Each round by itself. */
  readonly rounds: readonly number[];
}

/** Measurements of each contender that are thrown away. */
const WARM_UP = 20;

let keys = 0;

/** Microseconds per pair, one after the other. */
export async function sequential(contender: Contender, pairs: number): Promise<number> {
  const startedMs = performance.now();
  for (let left = pairs; left > 0; left -= 1) await contender.pair(`bench:${(keys += 1)}`);
  return ((performance.now() - startedMs) / pairs) * 1000;
}

/** Pairs per second, with so many in flight at any time. */
export async function inFlight(contender: Contender, pairs: number, lanes: number): Promise<number> {
  const startedMs = performance.now();
  let left = pairs;
  const lane = async (): Promise<void> => {
    while ((left -= 1) >= 0) await contender.pair(`bench:${(keys += 1)}`);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return pairs / ((performance.now() - startedMs) / 1000);
}

/**
 * Measures all contenders in every round, each round in another order, so that what else the machine does falls on all
 * of them alike. Ratios are taken within a round: they stay still where the figures themselves wander.
 *
 * @param baseline the name of the contender that the others are compared with
 */
export async function interleaved(
  contenders: readonly Contender[],
  rounds: number,
  baseline: string,
  measure: (contender: Contender) => Promise<number>,
): Promise<readonly Figures[]> {
  // The first thousands of pairs are run by an interpreter, and say nothing of a process that has been up for a second.
  for (let warm = 0; warm < WARM_UP; warm += 1) {
    for (const contender of contenders) await measure(contender);
  }
  const results = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    const first = round % contenders.length;
    const order = [...contenders.slice(first), ...contenders.slice(0, first)];
    if (round % 2 === 1) order.reverse();
    for (const contender of order) results.get(contender.name)?.push(await measure(contender));
  }
  const base = results.get(baseline) ?? [];
  return [...results].map(([name, values]) => ({
    name,
    value: median(values),
    ratio: medianRatio(values, base),
    rounds: values,
  }));
}

/** The same for another baseline among the contenders. */
export function ratioOf({ rounds }: Figures, all: readonly Figures[], baseline: string): number {
  return medianRatio(rounds, all.find(({ name }) => name === baseline)?.rounds ?? []);
}

function medianRatio(values: readonly number[], base: readonly number[]): number {
  return median(values.map((value, round) => value / (base[round] ?? NaN)));
}

/** The one below which that part of all lies. */
export function percentile(values: readonly number[], part: number): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length * part)] ?? NaN;
}

/** The middle one. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return ((low ?? NaN) + (high ?? NaN)) / 2;
}

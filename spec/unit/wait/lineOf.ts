import type { Lines, Waiter } from '../../../lib/wait/Lines';

/** So many stand in one line and sleep; what wakes each is noted as `name: cause`. */
export function lineOf<const Names extends readonly string[]>(
  lines: Lines,
  names: Names,
  woken: string[],
): { readonly [Index in keyof Names]: Waiter } {
  const waiters = names.map((name) => {
    const waiter = lines.join('key');
    void waiter.sleep(Infinity, null).then((cause) => woken.push(`${name}: ${cause}`));
    return waiter;
  });
  return waiters as { readonly [Index in keyof Names]: Waiter };
}

/** Something that is held until a time on the monotonic clock, in ms. */
export class Held {
  /** How often somebody has asked for how much longer. */
  looks = 0;
  /** How often it was verified. */
  verified = 0;

  constructor(public untilMs: number) {}

  remaining(): number {
    this.looks += 1;
    return this.untilMs - performance.now();
  }

  async verify(): Promise<void> {
    this.verified += 1;
  }
}

/** All who were woken have noted it. */
export const settling = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

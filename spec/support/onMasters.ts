import type { Master } from './Master';
import { startMasters } from './masters';

/** The masters of one suite, there from its `before` to its `after`. */
export interface Bench {
  /** How many masters there are, dead ones included; known before they run. */
  readonly size: number;
  /** Every master, the dead ones first: code that favours its first master is then found out. */
  readonly all: readonly Master[];
  /** Those that run when a test begins. */
  readonly living: readonly Master[];
  /** Every master's address, for the `connections` of a configuration. */
  connections(): readonly { readonly host: string; readonly port: number }[];
}

const SETS = [
  { size: 1, dead: 0, name: '1 master' },
  { size: 3, dead: 0, name: '3 masters' },
  { size: 4, dead: 0, name: '4 masters' },
  { size: 5, dead: 0, name: '5 masters' },
  { size: 3, dead: 1, name: '3 masters, one dead' },
  { size: 5, dead: 2, name: '5 masters, two dead' },
] as const;

const MOST = Math.max(...SETS.map(({ size }) => size));

/**
 * Runs a suite over every set of masters that has a living quorum in its own way. Before each test the living masters
 * are up, thawed and without keys, whatever the test before it did to them; loaded scripts stay. The sets are taken from
 * the same masters, one after another: starting a master takes longer than most tests.
 */
export function describeOnMasters(title: string, suite: (bench: Bench) => void): void {
  describe(title, () => {
    let masters: readonly Master[] = [];
    before('start the masters', async () => {
      masters = await startMasters(MOST);
    });
    after('stop the masters', async () => {
      await Promise.all(masters.map((master) => master.stop()));
    });

    for (const { size, dead, name } of SETS) {
      describe(`on ${name}`, () => {
        const bench: Bench = {
          size,
          get all() {
            return masters.slice(0, size);
          },
          get living() {
            return masters.slice(dead, size);
          },
          connections: () => bench.all.map(({ host, port }) => ({ host, port })),
        };
        beforeEach('masters without faults and keys', async () => {
          await Promise.all(masters.slice(0, dead).map((master) => master.kill()));
          await Promise.all(bench.living.map(heal));
        });
        suite(bench);
      });
    }
  });
}

async function heal(master: Master): Promise<void> {
  await master.resume();
  await master.start();
  await master.command('FLUSHALL');
}

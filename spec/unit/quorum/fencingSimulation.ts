import { disturb } from './simulation/faults';
import type { Judge } from './simulation/Judge';
import { CLIENTS } from './simulation/settings';
import { SimulatedClient } from './simulation/SimulatedClient';
import { World, type Tally } from './simulation/World';

export interface Plan {
  readonly masters: number;
  readonly acquisitions: number;
  /** It alone decides all that happens. */
  readonly seed: number;
  /** A master that has forgotten says so; otherwise it takes what is left in it for all that it has accepted. */
  readonly admitsThatItForgot: boolean;
}

/** What a simulation has come to. */
export interface Result {
  readonly judge: Pick<Judge, 'acquired' | 'fallsBack' | 'naiveFallsBack' | 'overlaps' | 'first'>;
  readonly tally: Readonly<Tally>;
}

/**
 * Fencing among masters and processes that fail in any way that is provided for: every message may be late or lost,
 * processes crash, masters go away and forget, and clocks are wrong. One clock drives it, so that a seed replays it.
 */
export function simulate({ masters, acquisitions, seed, admitsThatItForgot }: Plan): Result {
  const world = new World(masters, seed);
  for (let client = 0; client < CLIENTS; client += 1) new SimulatedClient(world).start();
  disturb(world, admitsThatItForgot);
  while (world.judge.acquired < acquisitions) world.timeline.advance();
  const { acquired, fallsBack, naiveFallsBack, overlaps, first } = world.judge;
  return { judge: { acquired, fallsBack, naiveFallsBack, overlaps, first }, tally: world.tally };
}

import { Chance } from './Chance';
import { Judge } from './Judge';
import { GUARD, MICROS } from './settings';
import { SimulatedMaster } from './SimulatedMaster';
import { Timeline } from './Timeline';

/** How often what is to be tried has come about. */
export interface Tally {
  /** Tokens by the proposal itself; by one that was written; by one that was written after a reminder. */
  quick: number;
  written: number;
  afterReminder: number;
  failed: number;
  /** Masters that were told what they had forgotten. */
  reminded: number;
  losses: number;
  /** Of masters that had not been reminded since the loss before. */
  lossesAgain: number;
  pauses: number;
  crashes: number;
}

/** What all that take part in a simulation have in common. */
export class World {
  readonly timeline = new Timeline();
  readonly judge = new Judge();
  readonly chance: Chance;
  readonly masters: readonly SimulatedMaster[];
  readonly quorum: number;
  readonly tally: Tally = {
    quick: 0,
    written: 0,
    afterReminder: 0,
    failed: 0,
    reminded: 0,
    losses: 0,
    lossesAgain: 0,
    pauses: 0,
    crashes: 0,
  };
  #used = 0;

  constructor(masters: number, seed: number) {
    this.chance = new Chance(seed);
    this.quorum = Math.floor(masters / 2) + 1;
    this.masters = Array.from(
      { length: masters },
      (_, index) => new SimulatedMaster(index, this.chance.between(-GUARD, GUARD) * MICROS),
    );
  }

  /** A number that was not used before, for the token of a lock or the nonce of a loss. */
  unused(): number {
    this.#used += 1;
    return this.#used;
  }
}

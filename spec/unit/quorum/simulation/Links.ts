import type { Chance } from './Chance';
import type { SimulatedMaster } from './SimulatedMaster';
import type { Timeline } from './Timeline';

/** One message in so many is lost. */
const LOST = 128;

/** What one process and the masters send to one another: late, out of order, or lost, both ways. */
export class Links {
  readonly #isCut: boolean[];

  constructor(
    private readonly masters: number,
    private readonly timeline: Timeline,
    private readonly chance: Chance,
  ) {
    this.#isCut = new Array<boolean>(masters).fill(false);
  }

  /** Some masters are out of reach until the next change; others may be within reach of other processes. */
  change(atMost: number): void {
    this.#isCut.fill(false);
    for (let count = this.chance.below(atMost + 1); count > 0; count -= 1) {
      this.#isCut[this.chance.below(this.masters)] = true;
    }
  }

  /** What is sent to a master that is away waits for it or is lost. */
  ask({ index, awayUntil, isAdmitted }: SimulatedMaster, script: () => void): void {
    const { timeline, chance } = this;
    if (this.#isCut[index] === true || chance.oneIn(LOST)) return;
    const delay = this.#delay();
    const wait = awayUntil - timeline.now - delay;
    if (wait <= 0) timeline.after(delay, script);
    else if (isAdmitted && chance.oneIn(2)) timeline.after(delay + wait + chance.below(3), script);
  }

  answer(hear: () => void): void {
    if (!this.chance.oneIn(LOST)) this.timeline.after(this.#delay(), hear);
  }

  /** Few, as a rule; sometimes longer than anybody waits, and sometimes than a lock is held. */
  #delay(): number {
    const kind = this.chance.below(256);
    if (kind > 8) return 1 + (kind & 3);
    return kind > 0 ? this.chance.between(5, 60) : this.chance.between(60, 400);
  }
}

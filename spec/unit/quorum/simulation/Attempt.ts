import type { Answer } from './SimulatedMaster';

/** One acquire, from its first message until its lock is over. */
export class Attempt {
  stage: 'asking' | 'going higher' | 'holding' | 'over' = 'asking';
  /** All answers have come, or are not waited for any more. */
  isComplete = false;
  heard = 0;
  granted = 0;
  /** How many have accepted the number with their grant. */
  accepted = 0;
  /** What the naive protocol would hand out: the highest count of the grants that made a quorum. */
  naive = 0;
  readonly #answers: (Answer | null)[];

  /**
   * @param token of the lock
   * @param proposed as fencing token
   */
  constructor(
    readonly key: number,
    readonly token: number,
    readonly proposed: number,
    readonly startedAt: number,
    masters: number,
  ) {
    this.#answers = new Array<Answer | null>(masters).fill(null);
  }

  record(on: number, answer: Answer): void {
    this.#answers[on] = answer;
    this.heard += 1;
    if (answer.kind === 'taken' || answer.kind === 'none') return;
    this.granted += 1;
    if (answer.kind === 'accepted') this.accepted += 1;
    if (this.stage === 'asking') this.naive = Math.max(this.naive, answer.count);
  }

  /** The highest number of each master that granted, and knows what it has accepted. */
  known(): number[] {
    const known: number[] = [];
    for (const answer of this.#answers) {
      if (answer?.kind === 'accepted') known.push(this.proposed);
      if (answer?.kind === 'refused') known.push(answer.detail);
    }
    return known;
  }

  /** The masters that granted and do not know it, and the nonces of their losses. */
  forgetful(): (readonly [on: number, nonce: number])[] {
    const forgetful: (readonly [number, number])[] = [];
    for (const [on, answer] of this.#answers.entries()) {
      if (answer?.kind === 'forgot') forgetful.push([on, answer.detail]);
    }
    return forgetful;
  }
}

import type { MasterError } from '../master/MasterError';

/** What one master said to a number that was proposed as a fencing token. */
export type Fenced =
  /** It was above all that the master has accepted. */
  | { readonly kind: 'accepted' }
  /** It was not, or was too far ahead: `highest` is what the master has accepted. */
  | { readonly kind: 'refused'; readonly highest: number }
  /** The master does not know what it has accepted; the nonce names the loss. */
  | { readonly kind: 'forgot'; readonly nonce: string }
  | { readonly kind: 'none'; readonly error: MasterError };

/** A master that does not know what it has accepted, and the nonce of its loss. */
export type Forgetful = readonly [index: number, nonce: string];

/** A number that is proposed to all masters as a fencing token, and what they say to it. */
export class Proposal {
  /** How many have accepted it. */
  accepted = 0;
  readonly #answers: (Fenced | null)[];

  constructor(
    readonly number: number,
    masters: number,
  ) {
    this.#answers = new Array<Fenced | null>(masters).fill(null);
  }

  record(index: number, answer: Fenced): void {
    this.#answers[index] = answer;
    if (answer.kind === 'accepted') this.accepted += 1;
  }

  /** What one master said; null while it has not, or where it was not asked. */
  answerOf(index: number): Fenced | null {
    return this.#answers[index] ?? null;
  }

  /** What each master that knows it names as the highest number that it has accepted. */
  get known(): readonly number[] {
    return this.#answers.flatMap((answer) => {
      if (answer?.kind === 'accepted') return [this.number];
      return answer?.kind === 'refused' ? [answer.highest] : [];
    });
  }

  get forgetful(): readonly Forgetful[] {
    return this.#answers.flatMap((answer, index) => (answer?.kind === 'forgot' ? [[index, answer.nonce]] : []));
  }
}

import { inspect } from 'node:util';
import type { Ballot, Vote } from '../quorum/Ballot';
import type { Released } from '../quorum/Grant';

/** How one master stands to a lock that was given back. */
export interface MasterAnswer {
  /** `host:port`, or the path of its socket. */
  readonly address: string;
  /** `released`, `gone`, `not waited for`, or what went wrong. */
  readonly answer: string;
}

/**
 * What came of giving a lock back.
 *
 * - `released`: a quorum of masters deleted it
 * - `expired`: this process knew already that it had ended
 * - `taken`: the masters did not hold it for this process any more; nobody else's was touched
 * - `unreachable`: too few masters confirmed it; it ends with its ttl at the latest
 * - `handed-over`: it is somebody else's to release
 */
export interface ReleaseOutcome {
  readonly kind: 'released' | 'expired' | 'taken' | 'unreachable' | 'handed-over';
  /** What each master said, as far as it was waited for. */
  readonly masters: readonly MasterAnswer[];
}

const KINDS = { granted: 'released', taken: 'taken', 'no-quorum': 'unreachable' } as const;

/** What came of a release, from its votes. Few ask for the masters. */
export class VotedOutcome implements ReleaseOutcome {
  readonly kind: ReleaseOutcome['kind'];
  readonly #ballot: Ballot;

  constructor({ verdict, ballot }: Released) {
    this.kind = KINDS[verdict];
    this.#ballot = ballot;
  }

  get masters(): readonly MasterAnswer[] {
    return this.#ballot.answers.map(({ address, vote }) => ({ address, answer: inWords(vote) }));
  }

  toJSON(): ReleaseOutcome {
    return { kind: this.kind, masters: this.masters };
  }

  [inspect.custom](): ReleaseOutcome {
    return this.toJSON();
  }
}

function inWords(vote: Vote | null): string {
  switch (vote?.kind) {
    case undefined:
      return 'not waited for';
    case 'granted':
      return 'released';
    case 'taken':
      return 'gone';
    case 'none':
      return `${vote.error.kind} (${vote.error.message})`;
  }
}

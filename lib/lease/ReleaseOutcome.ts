import { inspect } from 'node:util';
import type { Extended, Released } from '../quorum/Hold';
import type { Vote, Votes } from '../quorum/Votes';

/** How one master stands to a lock that was given back. */
export interface MasterAnswer {
  /** `host:port`, or the path of its socket. */
  readonly address: string;
  /** `released`, `gone`, `not held` (it never was, as far as is known), `not waited for`, or what went wrong. */
  readonly answer: string;
}

/**
 * What came of giving a lock back.
 *
 * - `released`: it was deleted, and a quorum of masters says that it does not stand there any more
 * - `expired`: this process knew already that it had ended
 * - `taken`: so many masters had lost it before, or never had it, that no quorum held it; nobody else's was touched
 * - `unreachable`: too few masters confirmed it; it ends with its ttl at the latest
 * - `kept`: it stays on a quorum of masters for the time that was asked for, held by nobody
 * - `handed-over`: it is somebody else's to release
 */
export interface ReleaseOutcome {
  readonly kind: 'released' | 'expired' | 'kept' | 'taken' | 'unreachable' | 'handed-over';
  /** What each master said, as far as it was waited for. */
  readonly masters: readonly MasterAnswer[];
}

const KINDS = { granted: 'released', taken: 'taken', 'no-quorum': 'unreachable' } as const;

/** How a lease is released. */
export interface ReleaseOptions {
  /** For how long the lock stays on the masters, held by nobody, in ms from 10 to 2147483647. */
  readonly keepFor?: number | undefined;
}

const KEPT_KINDS = { kept: 'kept', lost: 'taken', undecided: 'unreachable' } as const;

/** @internal What came of a release that leaves the lock on the masters. */
export function keptOutcome(extended: Extended): ReleaseOutcome {
  const { answers } = extended.kind === 'kept' ? extended.votes : extended;
  const masters = answers.map(({ address, vote }) => ({
    address,
    answer: vote?.kind === 'granted' ? 'kept' : inWords(vote),
  }));
  return { kind: KEPT_KINDS[extended.kind], masters };
}

/** @internal What came of a release, from its votes. Few ask for the masters. */
export class VotedOutcome implements ReleaseOutcome {
  readonly kind: ReleaseOutcome['kind'];
  readonly #votes: Votes;

  constructor({ verdict, votes }: Released) {
    this.kind = KINDS[verdict];
    this.#votes = votes;
  }

  get masters(): readonly MasterAnswer[] {
    return this.#votes.answers.map(({ address, vote }) => ({ address, answer: inWords(vote) }));
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
    case 'absent':
      return 'not held';
    case 'none':
      return `${vote.error.kind} (${vote.error.message})`;
  }
}

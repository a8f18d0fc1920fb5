import { Preparation } from '../../lib/master/Preparation';
import { Proposal } from '../../lib/quorum/Proposal';
import { Rounds } from '../../lib/quorum/Rounds';
import { Stopwatch } from '../../lib/quorum/Stopwatch';

/** A fault that is put in, to see that the simulation finds it. */
export interface Wrong {
  readonly name: string;
  /** What is said to be violated, one of these. */
  readonly found: readonly string[];
  /** `options.restart_guard`. */
  readonly restartGuardMs?: number;
  /** How fast the masters' clocks run, beside one that is right. */
  readonly rate?: number;
  /** Another application locks on one of the masters alone. */
  readonly hasLoner?: boolean;
  /** What the masters run in place of a script. */
  readonly rewrite?: (source: string) => string;
  /** Puts it into the library of this process, and returns what takes it out. */
  readonly putIn?: () => () => void;
}

/** Replaces a method, and returns what puts it back. */
function replace<Owner extends object, Name extends keyof Owner>(
  owner: Owner,
  name: Name,
  by: Owner[Name],
): () => void {
  const former = owner[name];
  owner[name] = by;
  return () => {
    owner[name] = former;
  };
}

/** An extension that writes where nothing stands any more. */
const REVIVE = `
if ARGV[3] == nil then
  for _, key in ipairs(KEYS) do redis.call('set', key, ARGV[1], 'PX', ARGV[2], 'NX') end
end
`;

export const WRONGS: readonly Wrong[] = [
  { name: 'the guard is off', found: ['two holders'], restartGuardMs: 0 },
  { name: 'the clocks drift over their factor', found: ['two holders', 'no quorum'], rate: 1.05 },
  {
    name: 'validity is not checked',
    found: ['two holders', 'no quorum'],
    putIn: () => replace(Stopwatch.prototype, 'elapsedMs', () => 0),
  },
  {
    name: 'a release is skipped',
    found: ['false release', 'orphan'],
    putIn: () => {
      const { release } = Rounds.prototype;
      return replace(Rounds.prototype, 'release', async function (this: Rounds, hold) {
        return { ...(await release.call(this, hold, new Set())), verdict: 'granted' };
      });
    },
  },
  {
    name: 'a renewal revives',
    found: ['revived'],
    rewrite: (source) => (source.includes('local isTakenOver') ? REVIVE + source : source),
  },
  {
    name: 'the highest number that anybody knows is the fencing token',
    found: ['fencing'],
    putIn: () => {
      const { record } = Proposal.prototype;
      return replace(Proposal.prototype, 'record', function (this: Proposal, index, answer) {
        record.call(this, index, answer);
        if (answer.kind !== 'refused') return;
        this.accepted += 1;
        Object.assign(this, { number: Math.max(this.number, answer.highest) });
      });
    },
  },
  {
    name: 'what is given up while a master is admitted is not taken back (c01)',
    found: ['orphan'],
    putIn: () => {
      const { run, settle } = Preparation.prototype;
      const running = new WeakSet<Preparation>();
      const undo = [
        replace(Preparation.prototype, 'run', async function (this: Preparation, identify) {
          running.add(this);
          return run.call(this, identify).finally(() => running.delete(this));
        }),
        replace(Preparation.prototype, 'settle', async function (this: Preparation) {
          if (running.has(this)) await settle.call(this);
        }),
      ];
      return () => undo.forEach((one) => one());
    },
  },
  { name: 'one client alone ends a quarantine (c02)', found: ['two holders'], hasLoner: true },
  {
    name: 'a release that was refused counts as done (c23)',
    found: ['false release', 'orphan'],
    rewrite: (source) => source.replace('pcall = server.call', 'pcall = server.pcall'),
  },
];

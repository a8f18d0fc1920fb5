import { Connection } from '../../lib/master/Connection';
import { Preparation } from '../../lib/master/Preparation';
import { Proposal } from '../../lib/quorum/Proposal';
import { Rounds } from '../../lib/quorum/Rounds';
import { Stopwatch } from '../../lib/quorum/Stopwatch';

/** A fault that is put in, to see that the simulation finds it. */
export interface Wrong {
  readonly name: string;
  /** What is said to be violated, one of these. */
  readonly found: readonly string[];
  /** The first seed that finds it: `npm run soak -- --wrong PLACE` looks for it. */
  readonly seed: number;
  /** `options.restart_guard`. */
  readonly restartGuardMs?: number;
  /** How fast the masters' clocks run, beside one that is right. */
  readonly rate?: number;
  /** Other applications lock on one of the masters each. */
  readonly hasLoner?: boolean;
  /** What the masters run in place of a script. */
  readonly rewrite?: (source: string) => string;
  /** Puts it into the library of this process, and returns what takes it out. */
  readonly putIn?: () => () => void;
}

/** A method as it is now, to be called on an object of its own. */
function formerly<Owner extends object, Name extends keyof Owner>(owner: Owner, name: Name): Owner[Name] {
  return owner[name];
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
  { name: 'the guard is off', found: ['two holders'], seed: 229, restartGuardMs: 0 },
  { name: 'the clocks drift over their factor', found: ['two holders', 'no quorum'], seed: 5, rate: 1.05 },
  {
    name: 'validity is not checked',
    found: ['two holders', 'no quorum'],
    seed: 5,
    putIn: () => replace(Stopwatch.prototype, 'elapsedMs', () => 0),
  },
  {
    name: 'a release is skipped',
    found: ['false release', 'orphan'],
    seed: 1,
    putIn: () => {
      const release = formerly(Rounds.prototype, 'release');
      return replace(Rounds.prototype, 'release', async function (this: Rounds, hold) {
        return { ...(await release.call(this, hold, new Set())), verdict: 'granted' };
      });
    },
  },
  {
    name: 'a renewal revives',
    found: ['revived'],
    seed: 938,
    rewrite: (source) => (source.includes('local isTakenOver') ? REVIVE + source : source),
  },
  {
    name: 'the highest number that anybody knows is the fencing token',
    found: ['fencing'],
    seed: 187,
    putIn: () => {
      const record = formerly(Proposal.prototype, 'record');
      return replace(Proposal.prototype, 'record', function (this: Proposal, index, answer) {
        record.call(this, index, answer);
        if (answer.kind !== 'refused') return;
        this.accepted += 1;
        Object.assign(this, { number: Math.max(this.number, answer.highest) });
      });
    },
  },
  {
    name: 'what is given up while a master is admitted is not taken back',
    found: ['orphan'],
    seed: 644,
    putIn: () => {
      const [run, settle] = [formerly(Preparation.prototype, 'run'), formerly(Preparation.prototype, 'settle')];
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
  { name: 'a client of one master alone ends its quarantine', found: ['two holders'], seed: 229, hasLoner: true },
  {
    name: 'the former connection is not ended before a new one is used',
    found: ['orphan', 'two holders', 'false release'],
    seed: 9,
    putIn: () => replace(Connection.prototype, 'kill', () => Promise.resolve()),
  },
  {
    name: 'a release that was refused counts as done',
    found: ['false release', 'orphan'],
    seed: 135,
    rewrite: (source) => source.replace('pcall = server.call', 'pcall = server.pcall'),
  },
];

import {
  Memory,
  put,
  Vote,
  withMaster,
  type Fencing,
  type Holder,
  type Master,
  type Reminder,
  type Scenario,
} from './fencingModel';
import type { Step } from './guardModel';

/** Holders of other keys come and go on each master: of theirs, no more is seen here than that numbers rise. */
export function serveOthers(steps: Step<Fencing>[], state: Fencing, { numbers }: Scenario, on: number): void {
  const master = state.masters[on] as Master;
  if (master.memory !== Memory.whole) return;
  for (let highest = master.highest + 1; highest <= numbers; highest += 1) {
    steps.push({ does: `${on} accepts ${highest} of others`, to: withMaster(state, on, { ...master, highest }) });
  }
}

/** Empty, or from any snapshot; the lock may be in it. */
export function forget(steps: Step<Fencing>[], state: Fencing, { losses, quorum, rules }: Scenario, on: number): void {
  if (state.losses === losses) return;
  // So many may have forgotten at once that one of each quorum has not.
  const unsure = state.masters.filter((other, at) => at !== on && other.memory !== Memory.whole).length;
  if (unsure >= quorum - 1) return;
  const { highest: before, keys, votes: former, reminder } = state.masters[on] as Master;
  const votes = former.map((vote) => (vote === Vote.forgot ? Vote.granted : vote));
  const late = reminder === null || rules.comparesNonce ? null : { ...reminder, isLate: true };
  for (let highest = 0; highest <= before; highest += 1) {
    for (const kept of snapshotsOf(keys)) {
      const to: Master = { highest, memory: Memory.quarantined, keys: kept, votes, reminder: late };
      const does = `${on} is left with ${highest} and [${kept.join()}]`;
      steps.push({ does, to: { ...withMaster(state, on, mayVoteAgain(to)), losses: state.losses + 1 } });
    }
  }
}

function snapshotsOf([first, ...rest]: readonly (number | null)[]): readonly (readonly (number | null)[])[] {
  if (first === undefined) return [[]];
  const kept = first === null ? [null] : [null, first];
  return snapshotsOf(rest).flatMap((others) => kept.map((holder) => [holder, ...others]));
}

/**
 * The end of a quarantine: nobody is left who has the vote of this master, also from before it forgot. It is no step of its
 * own, since it stands in nobody's way.
 */
export function mayVoteAgain(master: Master): Master {
  if (master.memory < Memory.quarantined || master.votes.some((vote) => vote !== Vote.none)) return master;
  return { ...master, memory: master.memory === Memory.quarantined ? Memory.forgetful : Memory.whole };
}

const NOTHING: Reminder = { read: 0, floor: 0, isLate: false };

/** One that has forgotten is reminded, read by read. A grant is how it is known that its quarantine is over. */
export function remind(steps: Step<Fencing>[], state: Fencing, { rules }: Scenario, on: number): void {
  const master = state.masters[on] as Master;
  const { memory, reminder } = master;
  const isReading = memory === Memory.forgetful || (memory === Memory.quarantined && !rules.remindsAfterQuarantine);
  const begun = isReading ? [reminder ?? NOTHING, ...(reminder?.isLate ? [NOTHING] : [])] : [];
  for (const { read, floor, isLate } of begun) {
    for (const [from, other] of state.masters.entries()) {
      if (from === on || other.memory !== Memory.whole || (read >> from) & 1) continue;
      const to = { read: read | (1 << from), floor: Math.max(floor, other.highest), isLate };
      const does = `${on} is told ${other.highest} by ${from}`;
      steps.push({ does, to: withMaster(state, on, { ...master, reminder: to }) });
    }
  }
  if (reminder === null || bits(reminder.read) < rules.toRemind || memory === Memory.remindedTooEarly) return;
  const reminded = withMaster(state, on, {
    ...master,
    highest: Math.max(master.highest, reminder.floor),
    memory: memory === Memory.forgetful ? Memory.whole : Memory.remindedTooEarly,
    // Another may have read the same and be late: that changes nothing where it is held against the nonce.
    reminder: rules.comparesNonce ? null : { ...reminder, isLate: true },
  });
  for (const to of heard(reminded, on, reminder.floor))
    steps.push({ does: `${on} is reminded of ${reminder.floor}`, to });
}

/** Whom it granted when it had forgotten may hear of the reminder, and so know what it has accepted, or may not. */
function heard(reminded: Fencing, on: number, floor: number): readonly Fencing[] {
  let outcomes = [reminded];
  for (const [index, holder] of reminded.holders.entries()) {
    if (reminded.masters[on]?.votes[index] !== Vote.forgot) continue;
    const knowing: Holder = { ...holder, known: Math.max(holder.known, floor) };
    outcomes = outcomes.flatMap((state) => {
      const master = state.masters[on] as Master;
      const unheard = withMaster(state, on, { ...master, votes: put(master.votes, index, Vote.granted) });
      const known = withMaster(state, on, { ...master, votes: put(master.votes, index, Vote.knows) });
      return [unheard, { ...known, holders: put(state.holders, index, knowing) }];
    });
  }
  return outcomes;
}

function bits(set: number): number {
  let count = 0;
  for (let rest = set; rest > 0; rest &= rest - 1) count += 1;
  return count;
}

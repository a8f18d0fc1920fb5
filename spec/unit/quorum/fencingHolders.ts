import { mayVoteAgain } from './fencingMasters';
import {
  isKeyDecided,
  Memory,
  put,
  Stage,
  Vote,
  withMaster,
  type Fencing,
  type Holder,
  type Master,
  type Scenario,
} from './fencingModel';
import type { Step } from './guardModel';

const NAMES = ['', '', 'forgot', 'knows', 'accepts'];

/**
 * The first of its grants begins a holder's round. Of what arrives when its token is out, nothing is seen here: that only
 * raises numbers, as others may.
 */
export function grant(steps: Step<Fencing>[], state: Fencing, scenario: Scenario, index: number, on: number): void {
  const { quorum, holders, numbers, losesAnswers, rules } = scenario;
  const holder = state.holders[index] as Holder;
  const master = state.masters[on] as Master;
  const key = holders[index] as number;
  if (master.memory >= Memory.quarantined || master.keys[key] !== null || master.votes[index] !== Vote.none) return;
  const isAhead = holder.stage === Stage.ahead;
  // Holders of one key differ in nothing: the one that is granted first is called the first.
  if (isAhead && index > 0 && holders[index - 1] === key && state.holders[index - 1]?.stage === Stage.ahead) return;
  const keys = put(master.keys, key, index);
  const hasForgotten = master.memory === Memory.forgetful && rules.forgetfulAbstain;
  for (let proposed = isAhead ? 1 : holder.proposed; proposed <= (isAhead ? numbers : holder.proposed); proposed += 1) {
    const isAccepted = !hasForgotten && (proposed > master.highest || !rules.acceptsOnlyAbove);
    const highest = isAccepted ? Math.max(master.highest, proposed) : master.highest;
    const vote = hasForgotten ? Vote.forgot : isAccepted ? Vote.accepted : Vote.knows;
    const does = `${on} grants ${index} of ${proposed}`;
    const unheard = withMaster(state, on, { ...master, highest, keys, votes: put(master.votes, index, Vote.granted) });
    if (holder.stage === Stage.writing) {
      steps.push({ does, to: unheard });
      continue;
    }
    const asking = { stage: Stage.asking, proposed, known: holder.known };
    if (losesAnswers) {
      steps.push({ does: `${does}, unheard`, to: { ...unheard, holders: put(state.holders, index, asking) } });
    }
    const known = hasForgotten ? holder.known : Math.max(holder.known, highest);
    const heard = withMaster(state, on, { ...master, highest, keys, votes: put(master.votes, index, vote) });
    const to = { ...heard, holders: put(state.holders, index, { ...asking, known }) };
    const isFenced = isAccepted && countOf(to, index, Vote.accepted) >= quorum;
    steps.push({ does: `${does}: ${NAMES[vote]}`, to: isFenced ? fence(to, scenario, index, proposed) : to });
  }
}

/** With the answers that it has, a holder may decide at any time. */
export function goHigher(steps: Step<Fencing>[], state: Fencing, scenario: Scenario, index: number): void {
  const { quorum, rules } = scenario;
  const holder = state.holders[index] as Holder;
  if (countOf(state, index, Vote.granted) < quorum || countOf(state, index, Vote.knows) < rules.toGoAbove) return;
  const does = `${index} goes above ${holder.known}`;
  const holders = put(state.holders, index, { ...holder, stage: Stage.writing });
  const to = rules.awaitsQuorum
    ? { ...state, masters: forgetAnswers(state, index), holders }
    : fence(state, scenario, index, holder.known + 1);
  steps.push({ does, to });
}

export function write(steps: Step<Fencing>[], state: Fencing, scenario: Scenario, index: number, on: number): void {
  const { quorum, holders, rules } = scenario;
  const master = state.masters[on] as Master;
  if (master.votes[index] === Vote.accepted) return;
  if (rules.forgetfulRefuse && master.memory !== Memory.whole) return;
  if (rules.writesWhereHeld && master.keys[holders[index] as number] !== index) return;
  const number = (state.holders[index] as Holder).known + 1;
  const votes = put(master.votes, index, Vote.accepted);
  const to = withMaster(state, on, { ...master, highest: Math.max(master.highest, number), votes });
  const isFenced = countOf(to, index, Vote.accepted) >= quorum;
  steps.push({ does: `${on} accepts ${number} of ${index}`, to: isFenced ? fence(to, scenario, index, number) : to });
}

/** Of the masters: how many have said at least this to a holder. */
function countOf({ masters }: Fencing, index: number, least: Vote): number {
  let count = 0;
  for (const { votes } of masters) if ((votes[index] as Vote) >= least) count += 1;
  return count;
}

/** Hands the token out. From then on its holder only stands in the way: where no one comes after it, it is over at once. */
function fence(state: Fencing, scenario: Scenario, index: number, token: number): Fencing {
  const key = scenario.holders[index] as number;
  const fenced: Fencing = {
    ...state,
    masters: forgetAnswers(state, index),
    holders: put(state.holders, index, FENCED),
    tokens: put(state.tokens, key, token),
    hasFallenBack: token <= (state.tokens[key] as number),
  };
  return isKeyDecided(fenced, key, scenario) ? endOf(fenced, index) : fenced;
}

function forgetAnswers({ masters }: Fencing, index: number): readonly Master[] {
  return masters.map((master) => {
    if ((master.votes[index] as Vote) <= Vote.granted) return master;
    return { ...master, votes: put(master.votes, index, Vote.granted) };
  });
}

export function endOf(state: Fencing, index: number): Fencing {
  const masters = state.masters.map((master) => {
    const { keys, votes } = master;
    if (votes[index] === Vote.none && !keys.includes(index)) return master;
    const left = keys.map((holder) => (holder === index ? null : holder));
    return mayVoteAgain({ ...master, keys: left, votes: put(votes, index, Vote.none) });
  });
  return { ...state, masters, holders: put(state.holders, index, OVER) };
}

const FENCED: Holder = { stage: Stage.fenced, proposed: 0, known: 0 };
const OVER: Holder = { stage: Stage.over, proposed: 0, known: 0 };

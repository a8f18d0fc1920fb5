import type { Step } from './guardModel';

/** What the protocol does; take one thing away, and the search finds two holders whose numbers do not rise. */
export interface Protocol {
  /** A master accepts only what is above all that it has accepted. */
  readonly acceptsOnlyAbove: boolean;
  /** A master that has forgotten accepts nothing until the others have told it where to begin. */
  readonly asksTheOthers: boolean;
  /** How many of the others it asks. */
  readonly teachers: number;
  /** It asks them after its quarantine, not before. */
  readonly asksAfterQuarantine: boolean;
}

/** The whole of it, for three masters. */
export const PROTOCOL: Protocol = {
  acceptsOnlyAbove: true,
  asksTheOthers: true,
  teachers: 2,
  asksAfterQuarantine: true,
};

export interface Scenario {
  readonly masters: number;
  readonly quorum: number;
  readonly holders: number;
  /** How often a master loses its memory, each time after the one before has been told where to begin. */
  readonly losses: number;
  /** What any clock may propose at any time. */
  readonly numbers: readonly number[];
  readonly protocol: Protocol;
}

interface Master {
  readonly number: number;
  readonly key: number | null;
  readonly memory: 'knows' | 'quarantined' | 'forgetful';
  /** The holders that are to be over before its quarantine is: whatever it forgot has a ttl no longer than that. */
  readonly waitsFor: readonly number[];
  /** What it has been told by each other master so far. */
  readonly told: readonly (number | null)[];
}

interface Holder {
  /** Over: released, run out, or given up. One that is fenced may still hold its lock. */
  readonly stage: 'asking' | 'proposing' | 'fenced' | 'over';
  readonly number: number;
  readonly granted: readonly number[];
  readonly accepted: readonly number[];
}

export interface Fencing {
  readonly masters: readonly Master[];
  readonly holders: readonly Holder[];
  /** The numbers that were handed out, in their order. */
  readonly tokens: readonly number[];
  readonly losses: number;
}

const indexes = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const put = <T>(list: readonly T[], index: number, item: T): T[] => list.map((old, at) => (at === index ? item : old));

/** A new set, of which a quorum has just granted the lock to the first holder. */
export function fencing({ masters, holders, quorum }: Scenario): Fencing {
  const told = indexes(masters).map(() => null);
  const granted = indexes(quorum);
  const keyOf = (on: number): number | null => (granted.includes(on) ? 0 : null);
  return {
    masters: indexes(masters).map((on) => ({ number: 0, key: keyOf(on), memory: 'knows', waitsFor: [], told })),
    holders: indexes(holders).map((holder) => ({
      stage: 'asking',
      number: 0,
      granted: holder === 0 ? granted : [],
      accepted: [],
    })),
    tokens: [],
    losses: 0,
  };
}

/** A number was handed out that is not above the one before. */
export function fallsBack({ tokens }: Fencing): boolean {
  return tokens.some((token, index) => index > 0 && token <= (tokens[index - 1] ?? 0));
}

/**
 * Every step is one script on one master, or what one process makes of its answers. A message that is late is a step
 * taken later, one that is lost a step not taken. There is no time in it but for this: a lock is over before another
 * takes its place on a master, and before a master that may have forgotten it votes again.
 */
export function fencingSteps(state: Fencing, scenario: Scenario): Step<Fencing>[] {
  return [
    ...state.holders.flatMap((holder, index) => holderSteps(state, holder, index, scenario)),
    ...state.masters.flatMap((master, index) => masterSteps(state, master, index, scenario)),
  ];
}

function holderSteps(state: Fencing, holder: Holder, index: number, scenario: Scenario): Step<Fencing>[] {
  const { quorum, numbers, protocol } = scenario;
  const steps: Step<Fencing>[] = [];
  const becomes = (to: Holder, masters = state.masters): Fencing => ({
    ...state,
    masters,
    holders: put(state.holders, index, to),
  });
  // They differ in nothing: the one that is granted first is called the first.
  const isNext = index === 0 || (state.holders[index - 1]?.granted.length ?? 0) > 0;
  for (const [on, master] of state.masters.entries()) {
    if (holder.stage === 'asking' && isNext && master.memory !== 'quarantined' && isFree(state, master)) {
      const to = { ...holder, granted: [...holder.granted, on].sort() };
      steps.push({
        does: `${on} grants ${index}`,
        to: becomes(to, put(state.masters, on, { ...master, key: index })),
      });
    }
    if (holder.stage === 'proposing' && mayAccept(master, holder, index, protocol)) {
      const accepted = [...new Set([...holder.accepted, on])].sort();
      const masters = put(state.masters, on, { ...master, number: Math.max(master.number, holder.number) });
      const isFenced = accepted.length >= quorum;
      const next = becomes({ ...holder, accepted, stage: isFenced ? 'fenced' : 'proposing' }, masters);
      const to = isFenced ? { ...next, tokens: [...state.tokens, holder.number] } : next;
      steps.push({ does: `${on} accepts ${holder.number} of ${index}`, to });
    }
  }
  if (holder.stage === 'proposing' || (holder.stage === 'asking' && holder.granted.length >= quorum)) {
    for (const number of numbers) {
      if (number <= holder.number) continue;
      const to = becomes({ ...holder, stage: 'proposing', number, accepted: [] });
      steps.push({ does: `${index} proposes ${number}`, to });
    }
  }
  if (holder.stage !== 'over' && holder.granted.length > 0) {
    steps.push({ does: `${index} is over`, to: becomes({ ...holder, stage: 'over' }) });
  }
  return steps;
}

/** Nobody's, or of somebody whose lock is over: when it goes is up to the master. */
function isFree({ holders }: Fencing, { key }: Master): boolean {
  return key === null || holders[key]?.stage === 'over';
}

function mayAccept({ memory, key, number }: Master, holder: Holder, index: number, protocol: Protocol): boolean {
  if (memory === 'quarantined' || (memory === 'forgetful' && protocol.asksTheOthers)) return false;
  if (key !== index) return false;
  return holder.number > number || !protocol.acceptsOnlyAbove;
}

function masterSteps(state: Fencing, master: Master, index: number, scenario: Scenario): Step<Fencing>[] {
  const { losses, protocol } = scenario;
  const becomes = (to: Master): Fencing => ({ ...state, masters: put(state.masters, index, to) });
  const nothing = master.told.map(() => null);
  const steps: Step<Fencing>[] = [];
  if (state.losses < losses && state.masters.every(({ memory }) => memory === 'knows')) {
    const waitsFor = indexes(state.holders.length).filter((holder) => isUnderWay(state.holders[holder]));
    // Empty, or from any snapshot; the lock may be in it.
    for (const number of indexes(master.number + 1)) {
      for (const key of new Set([null, master.key])) {
        const to: Master = { number, key, memory: 'quarantined', waitsFor, told: nothing };
        steps.push({ does: `${index} is left with ${number}`, to: { ...becomes(to), losses: state.losses + 1 } });
      }
    }
  }
  if (master.memory === 'quarantined' && !master.waitsFor.some((holder) => isUnderWay(state.holders[holder]))) {
    const isTold = tellers(master).length >= protocol.teachers && !protocol.asksAfterQuarantine;
    const number = isTold ? Math.max(master.number, ...tellers(master)) : master.number;
    const to: Master = { ...master, number, memory: isTold ? 'knows' : 'forgetful', waitsFor: [], told: nothing };
    steps.push({ does: `${index} may vote again`, to: becomes(to) });
  }
  if (master.memory === 'forgetful' || (master.memory === 'quarantined' && !protocol.asksAfterQuarantine)) {
    for (const [from, other] of state.masters.entries()) {
      if (from === index || other.memory !== 'knows' || master.told[from] !== null) continue;
      const told = put(master.told, from, other.number);
      const isEnough = told.filter((one) => one !== null).length >= protocol.teachers;
      const to: Master =
        isEnough && master.memory === 'forgetful'
          ? {
              ...master,
              number: Math.max(master.number, ...told.map((one) => one ?? 0)),
              memory: 'knows',
              told: nothing,
            }
          : { ...master, told };
      steps.push({ does: `${index} is told ${other.number} by ${from}`, to: becomes(to) });
    }
  }
  return steps;
}

const tellers = ({ told }: Master): number[] => told.filter((one) => one !== null);

function isUnderWay(holder: Holder | undefined): boolean {
  return holder !== undefined && holder.stage !== 'over' && holder.granted.length > 0;
}

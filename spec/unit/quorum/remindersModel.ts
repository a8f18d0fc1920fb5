import type { Step } from './guardModel';

/** What a reminder does; take one thing away, and the search finds a token that the masters forget between them. */
export interface Rules {
  /** How many of the others have to be sure of what they say. */
  readonly sure: number;
  /** A reminder makes good the loss that it was begun for, and no later one. */
  readonly comparesNonce: boolean;
  /**
   * Where too few are sure, more than a minority may have forgotten: then what is left in all of them has to do. Each was
   * unsure when it was read; read twice, with the nonce of one loss, they were all so at one instant.
   */
  readonly bestEffort: 'none' | 'read once' | 'read twice';
}

/** Some masters, of which a quorum has accepted a token that was handed out. Its lock is over. */
export interface Scenario {
  readonly masters: number;
  readonly quorum: number;
  /** How often a master forgets, in all. */
  readonly losses: number;
  /** How many may be without their memory at once. */
  readonly atOnce: number;
  readonly rules: Rules;
}

/** What another master said in a reminder that is under way. */
const READINGS = ['unread', 'sure', 'unsure', 'unsure then', 'unsure twice'] as const;
type Reading =
  | 'unread'
  | 'sure'
  | 'unsure'
  /** It was not, and that loss has been made good since, or was followed by another. */
  | 'unsure then'
  /** It was not, and says so again: of the same loss. */
  | 'unsure twice';

interface Reminder {
  readonly readings: readonly Reading[];
  /** Somebody has named the token, or one above. */
  readonly isTold: boolean;
  /** It was begun for a loss that was followed by another. */
  readonly isLate: boolean;
}

interface Master {
  /** It will not accept the token once more. */
  readonly isAbove: boolean;
  readonly isSure: boolean;
  readonly reminder: Reminder | null;
}

export interface Memory {
  readonly masters: readonly Master[];
  readonly losses: number;
}

const put = <T>(list: readonly T[], index: number, item: T): T[] => list.map((old, at) => (at === index ? item : old));

export function memory({ masters, quorum }: Scenario): Memory {
  const all = Array.from({ length: masters }, (_, on) => ({ isAbove: on < quorum, isSure: true, reminder: null }));
  return { masters: all, losses: 0 };
}

/** A quorum would accept the token for the next holder. */
export function isForgotten({ masters }: Memory, { quorum }: Scenario): boolean {
  return masters.filter(({ isAbove, isSure }) => isSure && !isAbove).length >= quorum;
}

/** The same for states in which the masters have only changed places, wherever that is seen at once. */
export function nameOf({ masters, losses }: Memory): string {
  const rankOf = ({ isAbove, isSure, reminder }: Master): number =>
    Number(isAbove) * 4 + Number(isSure) * 2 + Number(reminder !== null);
  const order = [...masters.keys()].sort(
    (a, b) => rankOf(masters[a] as Master) - rankOf(masters[b] as Master) || a - b,
  );
  let name = String.fromCharCode(losses);
  for (const on of order) {
    const { isAbove, isSure, reminder } = masters[on] as Master;
    let code = 0;
    if (reminder !== null) {
      for (const from of order) code = code * 5 + READINGS.indexOf(reminder.readings[from] as Reading);
      code = code * 4 + Number(reminder.isTold) * 2 + Number(reminder.isLate) + 1;
    }
    name += String.fromCharCode(code * 4 + Number(isAbove) * 2 + Number(isSure));
  }
  return name;
}

/** All quarantines are over whenever it matters: whoever had the lock handed its token out before. */
export function memorySteps(state: Memory, scenario: Scenario): Step<Memory>[] {
  return state.masters.flatMap((_, on) => [
    ...losses(state, on, scenario),
    ...readings(state, on, scenario),
    ...endings(state, on, scenario),
  ]);
}

/** Left with less than the token: what a snapshot keeps of it could only help. */
function losses({ masters, losses }: Memory, on: number, scenario: Scenario): Step<Memory>[] {
  const before = masters[on] as Master;
  const unsure = masters.filter((master) => !master.isSure && master !== before).length;
  if (losses === scenario.losses || unsure >= scenario.atOnce) return [];
  const isLate = before.reminder !== null && !scenario.rules.comparesNonce;
  const reminder = isLate && before.reminder !== null ? { ...before.reminder, isLate } : null;
  const after = put(masters, on, { isAbove: false, isSure: false, reminder });
  return [{ does: `${on} forgets`, to: { masters: after.map(seesChange(on)), losses: losses + 1 } }];
}

/** Of a reminder that has read the loss of a master which is not, or not only, in that loss any more. */
const seesChange =
  (of: number) =>
  (master: Master): Master => {
    const { reminder } = master;
    if (reminder?.readings[of] !== 'unsure') return master;
    return { ...master, reminder: { ...reminder, readings: put(reminder.readings, of, 'unsure then') } };
  };

const begun = (masters: readonly Master[]): Reminder => ({
  readings: masters.map(() => 'unread'),
  isTold: false,
  isLate: false,
});

function readings(state: Memory, on: number, { rules }: Scenario): Step<Memory>[] {
  const { masters } = state;
  const master = masters[on] as Master;
  if (master.isSure) return [];
  const steps: Step<Memory>[] = [];
  for (const reminder of new Set([
    master.reminder ?? begun(masters),
    ...(master.reminder?.isLate ? [begun(masters)] : []),
  ])) {
    const isReadThrough = !reminder.readings.some((reading, from) => reading === 'unread' && from !== on);
    for (const [from, { isAbove, isSure }] of masters.entries()) {
      const reading = reminder.readings[from];
      const isAgain = reading === 'unsure' && isReadThrough && rules.bestEffort === 'read twice';
      if (from === on || (reading !== 'unread' && !isAgain)) continue;
      const said: Reading = isAgain ? 'unsure twice' : isSure ? 'sure' : 'unsure';
      const to = { ...reminder, readings: put(reminder.readings, from, said), isTold: reminder.isTold || isAbove };
      const does = `${on} reads ${from}: ${said}, ${isAbove ? 'above' : 'below'}`;
      steps.push({ does, to: { ...state, masters: put(masters, on, { ...master, reminder: to }) } });
    }
  }
  return steps;
}

function endings(state: Memory, on: number, scenario: Scenario): Step<Memory>[] {
  const { masters } = state;
  const master = masters[on] as Master;
  const { reminder } = master;
  if (reminder === null || !suffices(reminder, on, scenario)) return [];
  const reminded: Master = { isAbove: master.isAbove || reminder.isTold, isSure: true, reminder: null };
  const after = put(masters, on, reminded).map(seesChange(on));
  return [{ does: `${on} is reminded`, to: { ...state, masters: after } }];
}

function suffices({ readings }: Reminder, on: number, { quorum, rules }: Scenario): boolean {
  const count = (...kinds: readonly Reading[]): number => readings.filter((one) => kinds.includes(one)).length;
  if (count('sure') >= rules.sure) return true;
  if (rules.bestEffort === 'none' || readings.some((one, from) => one === 'unread' && from !== on)) return false;
  return rules.bestEffort === 'read once' || count('unsure twice') >= quorum - 1;
}

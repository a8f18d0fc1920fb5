/** What the protocol does; take one thing away, and the search finds two holders whose tokens do not rise. */
export interface Rules {
  /** A master that grants accepts only what is above all that it has accepted. */
  readonly acceptsOnlyAbove: boolean;
  /** One that has forgotten accepts nothing when it grants, until it was reminded. */
  readonly forgetfulAbstain: boolean;
  /** Nor does it accept what is written. */
  readonly forgetfulRefuse: boolean;
  /** How many of the others it takes to remind it. */
  readonly toRemind: number;
  /** They are asked after its quarantine, not before. */
  readonly remindsAfterQuarantine: boolean;
  /** What they said makes good the loss that they were asked for, and no later one. */
  readonly comparesNonce: boolean;
  /** A number is written only where its holder has the key. */
  readonly writesWhereHeld: boolean;
  /** It is above what so many of those that granted have accepted. */
  readonly toGoAbove: number;
  /** It is handed out when a quorum has accepted it; otherwise as soon as it is known what it has to be above. */
  readonly awaitsQuorum: boolean;
}

export interface Scenario {
  readonly masters: number;
  readonly quorum: number;
  /** The key of each holder. */
  readonly holders: readonly number[];
  /** How often a master loses its memory. */
  readonly losses: number;
  /** What any clock may propose at any time: from 1 to this. */
  readonly numbers: number;
  /** Whether the answer of one that grants may not arrive. */
  readonly losesAnswers: boolean;
  /** Whether holders of further keys come and go beside. */
  readonly hasOtherKeys: boolean;
  readonly rules: Rules;
}

/** The whole protocol, for so many masters. */
export function rulesFor(masters: number, quorum: number): Rules {
  return {
    acceptsOnlyAbove: true,
    forgetfulAbstain: true,
    forgetfulRefuse: true,
    toRemind: masters - quorum + 1,
    remindsAfterQuarantine: true,
    comparesNonce: true,
    writesWhereHeld: true,
    toGoAbove: quorum,
    awaitsQuorum: true,
  };
}

/** What a master has to do with a holder: nothing, it granted the lock, and what it said of the number. */
export const Vote = { none: 0, granted: 1, forgot: 2, knows: 3, accepted: 4 } as const;
export type Vote = (typeof Vote)[keyof typeof Vote];

export const Memory = { whole: 0, forgetful: 1, quarantined: 2, remindedTooEarly: 3 } as const;
export type Memory = (typeof Memory)[keyof typeof Memory];

/** What the others have said so far to whoever is going to remind a master. */
export interface Reminder {
  /** A bit for each that was read. */
  readonly read: number;
  readonly floor: number;
  /** The master has forgotten once more since. */
  readonly isLate: boolean;
}

export interface Master {
  readonly highest: number;
  readonly memory: Memory;
  /** Of each key the holder; null where the key is free. */
  readonly keys: readonly (number | null)[];
  /** For each holder. */
  readonly votes: readonly Vote[];
  readonly reminder: Reminder | null;
}

/** Over: released, run out, or given up. One that has its token may still hold its lock. */
export const Stage = { ahead: 0, asking: 1, writing: 2, fenced: 3, over: 4 } as const;
export type Stage = (typeof Stage)[keyof typeof Stage];

export interface Holder {
  readonly stage: Stage;
  readonly proposed: number;
  /** The highest that it was told of. It writes one more. */
  readonly known: number;
}

export interface Fencing {
  readonly masters: readonly Master[];
  readonly holders: readonly Holder[];
  /** The last token of each key. */
  readonly tokens: readonly number[];
  readonly losses: number;
  readonly hasFallenBack: boolean;
}

const AHEAD: Holder = { stage: Stage.ahead, proposed: 0, known: 0 };

/** A new set. */
export function fencing({ masters, holders }: Scenario): Fencing {
  const keys = Math.max(...holders) + 1;
  const master: Master = {
    highest: 0,
    memory: Memory.whole,
    keys: new Array<null>(keys).fill(null),
    votes: holders.map(() => Vote.none),
    reminder: null,
  };
  return {
    masters: new Array<Master>(masters).fill(master),
    holders: holders.map(() => AHEAD),
    tokens: new Array<number>(keys).fill(0),
    losses: 0,
    hasFallenBack: false,
  };
}

export function put<T>(list: readonly T[], index: number, item: T): readonly T[] {
  const copy = list.slice();
  copy[index] = item;
  return copy;
}

export function withMaster(state: Fencing, on: number, master: Master): Fencing {
  return { ...state, masters: put(state.masters, on, master) };
}

export function fallsBack({ hasFallenBack }: Fencing): boolean {
  return hasFallenBack;
}

/** Nobody is left who could still be handed a token that is not above that of a holder before it. */
export function isDecided(state: Fencing, scenario: Scenario): boolean {
  return state.tokens.every((_, key) => isKeyDecided(state, key, scenario));
}

export function isKeyDecided({ holders: all, tokens }: Fencing, key: number, { holders }: Scenario): boolean {
  let unfenced = 0;
  for (let index = 0; index < all.length; index += 1) {
    if (holders[index] === key && (all[index] as Holder).stage < Stage.fenced) unfenced += 1;
  }
  return unfenced < (tokens[key] === 0 ? 2 : 1);
}

/**
 * A name for each state, the same for states in which masters, or holders of one key, have only changed places. Some have
 * more than one name, where it is not seen at once who stands for whom: that costs time and hides nothing.
 */
export function nameOf(state: Fencing, scenario: Scenario): string {
  const { masters, holders, tokens, losses, hasFallenBack } = state;
  const ofHolders = holders.map(({ stage, proposed, known }, index) => {
    return (((scenario.holders[index] as number) * 5 + stage) * 8 + proposed) * 8 + known;
  });
  const inOrder = orderOf(ofHolders);
  const ofMasters = masters.map((master) => codeOf(master, inOrder));
  const order = orderOf(ofMasters);
  const name: number[] = [losses * 2 + Number(hasFallenBack)];
  for (const on of order) {
    const { reminder } = masters[on] as Master;
    const code = ofMasters[on] as number;
    let read = 0;
    if (reminder !== null) for (const [bit, from] of order.entries()) read |= ((reminder.read >> from) & 1) << bit;
    name.push(code & 0xffff, (code >>> 16) | (read << 10));
  }
  for (const index of inOrder) name.push(ofHolders[index] as number);
  for (const [key, token] of tokens.entries()) name.push(isKeyDecided(state, key, scenario) ? 0 : token);
  return String.fromCharCode(...name);
}

/** By insertion: there are few, and this is done for each step. */
function orderOf(codes: readonly number[]): readonly number[] {
  const order: number[] = [];
  for (let index = 0; index < codes.length; index += 1) {
    let at = index;
    for (; at > 0 && (codes[order[at - 1] as number] as number) > (codes[index] as number); at -= 1) {
      order[at] = order[at - 1] as number;
    }
    order[at] = index;
  }
  return order;
}

/** In 26 bits, with up to four holders of up to two keys and numbers below eight. */
function codeOf({ highest, memory, keys, votes, reminder }: Master, holders: readonly number[]): number {
  let code = highest * 4 + memory;
  for (const holder of keys) code = code * 5 + (holder === null ? 4 : holders.indexOf(holder));
  for (const index of holders) code = code * 5 + (votes[index] as number);
  return code * 18 + (reminder === null ? 0 : 2 + reminder.floor * 2 + Number(reminder.isLate));
}

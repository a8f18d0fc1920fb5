/**
 * The restart guard as a model, with nothing of `lib/` in it. Every step is one atomic script on one master, and
 * whoever takes steps may pause between any two of them for as long as he likes. Time stands in whole ticks.
 *
 * It is searched in two halves that meet in one sentence: *the nonces of a founding were all pending at one instant*.
 * Under "Clients" is what a process does until it decides upon a founding, and that this sentence then holds. Under
 * "Holders" is what becomes of locks when any number of processes act on such decisions, however late.
 */

/** What the protocol does; take one thing away, and the search finds the harm. */
export interface Protocol {
  readonly acquireRequiresMarker: boolean;
  readonly acquireComparesRun: boolean;
  readonly foundComparesNonce: boolean;
  /** So that a pending marker out of a snapshot is told from one that was written in this run. */
  readonly pendingNamesRun: boolean;
  /** Before it decides, a founder asks all pending masters once more, and goes on only if none has changed. */
  readonly foundersReadTwice: boolean;
  /** In ticks. */
  readonly quarantine: number;
}

export interface Scenario {
  readonly masters: number;
  readonly quorum: number;
  readonly protocol: Protocol;
}

/** Counts the times that one master was new to whoever inspected it. */
export type Nonce = number;

export type Marker =
  | { readonly kind: 'none' }
  | { readonly kind: 'pending'; readonly nonce: Nonce; readonly isOfThisRun: boolean }
  | {
      readonly kind: 'admitted';
      /** Nothing else is ever asked about a run: is it the server's present one? */
      readonly isOfThisRun: boolean;
      /** Ticks until it may vote. */
      readonly quarantine: number;
    };

export interface Server {
  readonly marker: Marker;
  readonly nextNonce: Nonce;
}

export const NEW: Server = { marker: { kind: 'none' }, nextNonce: 0 };

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const put = <T>(list: readonly T[], index: number, item: T): T[] => list.with(index, item);

// A search meets the same few hundred masters in a hundred thousand states: what becomes of each is worked out once.

function onceEach<T extends object, R>(work: (thing: T) => R): (thing: T) => R {
  const known = new WeakMap<T, R>();
  return (thing) => {
    const former = known.get(thing);
    if (former !== undefined) return former;
    const result = work(thing);
    known.set(thing, result);
    return result;
  };
}

/** One object for all that are equal. */
function interning<T extends object>(): (thing: T) => T {
  const byText = new Map<string, T>();
  return onceEach((thing) => {
    const text = JSON.stringify(thing);
    const known = byText.get(text) ?? thing;
    byText.set(text, known);
    return known;
  });
}

// Scripts. Each leaves the master as it is where its condition does not hold.

function inspect<S extends Server>(server: S, protocol: Protocol): S {
  const { marker, nextNonce } = server;
  const isStale = marker.kind !== 'none' && !marker.isOfThisRun;
  if (marker.kind === 'none' || (marker.kind === 'pending' && isStale && protocol.pendingNamesRun)) {
    return { ...server, marker: { kind: 'pending', nonce: nextNonce, isOfThisRun: true }, nextNonce: nextNonce + 1 };
  }
  return marker.kind === 'admitted' && isStale ? admit(server, protocol.quarantine) : server;
}

function found<S extends Server>(server: S, nonce: Nonce, protocol: Protocol): S {
  return !protocol.foundComparesNonce || pendingNonce(server, protocol) === nonce ? admit(server, 0) : server;
}

function quarantine<S extends Server>(server: S, nonce: Nonce, protocol: Protocol): S {
  return pendingNonce(server, protocol) === nonce ? admit(server, protocol.quarantine) : server;
}

function admit<S extends Server>(server: S, ticks: number): S {
  return { ...server, marker: { kind: 'admitted', isOfThisRun: true, quarantine: ticks } };
}

/** What the acquire script asks before it looks at the lock. */
function mayVote({ marker }: Server, protocol: Protocol): boolean {
  if (!protocol.acquireRequiresMarker) return true;
  if (marker.kind !== 'admitted' || marker.quarantine > 0) return false;
  return marker.isOfThisRun || !protocol.acquireComparesRun;
}

function pendingNonce({ marker }: Server, { pendingNamesRun }: Protocol): Nonce | null {
  return marker.kind === 'pending' && (marker.isOfThisRun || !pendingNamesRun) ? marker.nonce : null;
}

/** Every way in which a master can come back knowing less than it did. */
function forgetful<S extends Server>(server: S): Step<S>[] {
  if (server.nextNonce === 0) return [];
  const come = (does: string, marker: Marker): Step<S> => ({ does, to: { ...server, marker } });
  return [
    come('is flushed, or restarts empty', { kind: 'none' }),
    come('restarts from a snapshot: admitted', { kind: 'admitted', isOfThisRun: false, quarantine: 0 }),
    ...range(server.nextNonce).map((nonce) =>
      come(`restarts from a snapshot: pending ${nonce}`, { kind: 'pending', nonce, isOfThisRun: false }),
    ),
  ];
}

// Clients: how one process comes to decide.

/** Of each master the nonce that it had, or null if it was left out. */
type Founding = readonly (Nonce | null)[];

/** What a client heard from a master when it last asked. */
type Belief =
  | { readonly kind: 'unheard' }
  | { readonly kind: 'failed' }
  | { readonly kind: 'pending'; readonly nonce: Nonce }
  | { readonly kind: 'admitted'; readonly founding: Founding };

interface Client {
  readonly beliefs: readonly Belief[];
  /** The masters that said the same again, since all are asked again; null before. */
  readonly confirmed: readonly number[] | null;
  /** What it has decided upon. */
  readonly founding: Founding | null;
  readonly isGone: boolean;
}

interface Admitting extends Server {
  /** Kept in the marker; empty when it was admitted into quarantine. */
  readonly founding: Founding;
}

export interface Opening {
  readonly servers: readonly Admitting[];
  readonly clients: readonly Client[];
}

export function opening(servers: readonly Server[], clients: number): Opening {
  // Masters that are admitted from the start were founded together, all with their first nonce.
  const founding = servers.map(() => 0);
  const client: Client = { beliefs: servers.map(() => UNHEARD), confirmed: null, founding: null, isGone: false };
  return {
    servers: servers.map((server) => ({ ...server, founding: server.marker.kind === 'admitted' ? founding : [] })),
    clients: range(clients).map(() => client),
  };
}

const UNHEARD: Belief = { kind: 'unheard' };

/** Without faults, except that all clients but one may be gone at any time. */
export function openingSteps(scenario: Scenario): (state: Opening) => readonly Step<Opening>[] {
  const [serverOf, clientOf] = [interning<Admitting>(), interning<Client>()];
  const meetings = range(scenario.masters).map((on) =>
    onceEach((client: Client) =>
      onceEach((server: Admitting) =>
        asks(client, server, on, scenario).map(({ does, to }) => ({
          does,
          client: clientOf(listen(client, on, to)),
          server: serverOf(to),
        })),
      ),
    ),
  );
  const proposed = onceEach((client: Client) => clientOf(propose(client, scenario)));
  const gone = onceEach((client: Client) => clientOf({ ...client, isGone: true }));
  return (state) => {
    const staying = state.clients.filter(({ isGone }) => !isGone).length;
    return state.clients.flatMap((client, index) => {
      if (client.isGone) return [];
      const become = (next: Client): Opening => ({ ...state, clients: put(state.clients, index, next) });
      const asked = meetings.flatMap((meeting, on) =>
        meeting(client)(state.servers[on] as Admitting).map(({ does, client: next, server }) => ({
          does,
          to: { ...become(next), servers: put(state.servers, on, server) },
        })),
      );
      const decided = { does: 'goes on', to: become(proposed(client)) };
      return staying > 1 ? [...asked, decided, { does: 'is gone', to: become(gone(client)) }] : [...asked, decided];
    });
  };
}

/** What a client sends to one master, as far as it knows. */
function asks(client: Client, server: Admitting, on: number, { protocol }: Scenario): Step<Admitting>[] {
  const belief = client.beliefs[on] ?? UNHEARD;
  const isAgain = client.confirmed !== null && !client.confirmed.includes(on);
  if (belief.kind === 'unheard') return [{ does: 'inspects', to: inspect(server, protocol) }];
  if (belief.kind !== 'pending') return [];
  const foundings = client.beliefs.flatMap((other) => (other.kind === 'admitted' ? [other.founding] : []));
  const known = client.founding === null ? foundings : [client.founding, ...foundings];
  const named = known.find((founding) => founding[on] === belief.nonce);
  if (named !== undefined) {
    const to = found(server, belief.nonce, protocol);
    return [{ does: 'founds', to: to === server ? server : { ...to, founding: named } }];
  }
  if (foundings.length > 0) return [{ does: 'quarantines', to: quarantine(server, belief.nonce, protocol) }];
  return isAgain ? [{ does: 'inspects again', to: inspect(server, protocol) }] : [];
}

function listen(client: Client, from: number, { marker, founding }: Admitting): Client {
  const { beliefs, confirmed } = client;
  const before = beliefs[from];
  if (marker.kind === 'none') return client;
  if (marker.kind === 'admitted') {
    return { ...client, beliefs: put(beliefs, from, { kind: 'admitted', founding }), confirmed: null };
  }
  const { nonce } = marker;
  if (before?.kind !== 'pending' || before.nonce !== nonce) {
    return { ...client, beliefs: put(beliefs, from, { kind: 'pending', nonce }), confirmed: null };
  }
  return confirmed === null || confirmed.includes(from)
    ? client
    : { ...client, confirmed: [...confirmed, from].sort() };
}

/** The next step towards a founding: ask all again, then decide. The same client where there is nothing to found. */
function propose(client: Client, { quorum, protocol }: Scenario): Client {
  const { beliefs, confirmed } = client;
  const isUndecided = beliefs.some(({ kind }) => kind === 'unheard' || kind === 'admitted');
  const nonces = beliefs.map((belief) => (belief.kind === 'pending' ? belief.nonce : null));
  const pending = nonces.filter((nonce) => nonce !== null).length;
  if (isUndecided || pending < quorum || client.founding !== null) return client;
  if (!protocol.foundersReadTwice) return { ...client, founding: nonces };
  if (confirmed === null) return { ...client, confirmed: [] };
  return confirmed.length < pending ? client : { ...client, confirmed: null, founding: nonces };
}

/** One client that pauses, among masters with which others do whatever they may, and which forget. */
export interface Deciding {
  readonly servers: readonly Admitting[];
  readonly client: Client;
  /** Whether all that it takes for pending were so at the instant before it asked them again. */
  readonly wereAllPending: boolean;
}

const FAILED: Belief = { kind: 'failed' };

/** It knows of no master, and waits for none: each may have failed for it. */
export function deciding({ masters }: Scenario): Deciding {
  const client: Client = { beliefs: range(masters).map(() => FAILED), confirmed: null, founding: null, isGone: false };
  return { servers: range(masters).map(() => ({ ...NEW, founding: [] })), client, wereAllPending: false };
}

/** @param fresh how many nonces may be given besides the first of each master, so that there is an end to forgetting */
export function decidingSteps(state: Deciding, scenario: Scenario, fresh: number): Step<Deciding>[] {
  const { servers, client } = state;
  const { protocol } = scenario;
  if (client.founding !== null) return [];
  const left = fresh - servers.reduce((sum, { nextNonce }) => sum + Math.max(0, nextNonce - 1), 0);
  const steps = servers.flatMap((server, on): Step<Deciding>[] => {
    const nonce = pendingNonce(server, protocol);
    const isLeft = ({ nextNonce }: Server): boolean => left > 0 || nextNonce <= 1 || nextNonce === server.nextNonce;
    const others = [
      { does: 'is inspected', to: inspect(server, protocol) },
      ...(nonce === null ? [] : [{ does: 'is admitted', to: found(server, nonce, protocol) }]),
      ...forgetful(server),
    ].filter(({ to }) => isLeft(to));
    const hear = (to: Admitting): Deciding => ({
      ...state,
      servers: put(servers, on, to),
      client: listen(client, on, to),
    });
    const believe = (belief: Belief): Client => ({
      ...client,
      beliefs: put(client.beliefs, on, belief),
      confirmed: null,
    });
    const asked = inspect(server, protocol);
    return [
      ...others.map(({ does, to }) => ({ does: `${on} ${does}`, to: { ...state, servers: put(servers, on, to) } })),
      ...(isLeft(asked) ? [{ does: `inspects ${on}`, to: hear(asked) }] : []),
      { does: `is cut off from ${on}`, to: { ...state, client: believe(FAILED) } },
    ];
  });
  const next = propose(client, scenario);
  if (next === client) return steps;
  // With the second reading begun, or without one, the instant is now.
  const isNow = next.confirmed !== null || client.confirmed === null;
  const wereAllPending = isNow ? areAllPending(state, protocol) : state.wereAllPending;
  return [...steps, { does: 'goes on', to: { ...state, client: next, wereAllPending } }];
}

function areAllPending({ servers, client }: Deciding, protocol: Protocol): boolean {
  return client.beliefs.every((belief, on) => {
    const server = servers[on];
    return belief.kind !== 'pending' || (server !== undefined && pendingNonce(server, protocol) === belief.nonce);
  });
}

// Holders: what becomes of locks.

export interface LockScenario extends Scenario {
  readonly ttl: number;
  readonly losses: number;
  /**
   * When a master may lose its memory: whenever that leaves fewer than a quorum without an admission (all may lose it
   * before the first is admitted), or only a quarantine's time after the one before, whatever the others are.
   */
  readonly faults: 'fewer than a quorum undecided' | 'one at a time';
}

interface Master extends Server {
  /** Those of its nonces that stand in a founding which somebody has decided upon, and may act upon at any time. */
  readonly named: readonly Nonce[];
  readonly lock: { readonly holder: number; readonly left: number } | null;
  /** The holders that have had its vote. */
  readonly granted: readonly number[];
}

/**
 * One round and the hold that comes of it. Its validity counts from before the first request. One round each is enough
 * to overlap: what other rounds leave on the masters can only refuse.
 */
interface Holder {
  readonly round: 'ahead' | 'begun' | 'over';
  readonly left: number;
}

export interface Locking {
  readonly masters: readonly Master[];
  readonly holders: readonly Holder[];
  readonly losses: number;
  /** Ticks until another master may lose its memory. */
  readonly calm: number;
  readonly wasFounded: boolean;
}

const HOLDERS = 2;
const AHEAD: Holder = { round: 'ahead', left: 0 };

export function locking({ masters }: Scenario): Locking {
  const master: Master = { ...NEW, named: [], lock: null, granted: [] };
  return {
    masters: range(masters).map(() => master),
    holders: range(HOLDERS).map(() => AHEAD),
    losses: 0,
    calm: 0,
    wasFounded: false,
  };
}

/** Two holders of one lock that both rightly think so. */
export function overlaps({ masters, holders }: Locking, { quorum }: Scenario): boolean {
  return holders.every(
    ({ left }, holder) => left > 0 && masters.filter(({ granted }) => granted.includes(holder)).length >= quorum,
  );
}

export function lockingSteps(scenario: LockScenario): (state: Locking) => readonly Step<Locking>[] {
  const [masterOf, holderOf] = [interning<Master>(), interning<Holder>()];
  const become = (steps: readonly Step<Master>[]): Step<Master>[] =>
    steps.map(({ does, to }) => ({ does, to: masterOf(to) }));
  const rules: Rules = {
    admissions: onceEach((master) => become(admissions(master, scenario))),
    grants: onceEach((master) => range(HOLDERS).map((holder) => become(grants(master, holder, scenario)))),
    losses: onceEach((master) => become(forgetful({ ...master, lock: null }))),
    readable: onceEach((master) => readable(master, scenario)),
    decided: onceEach((master) => masterOf(decided(master, scenario))),
    masterAfterTick: onceEach((master) => masterOf(masterAfterTick(master))),
    holderAfterTick: onceEach((holder) => holderOf(holderAfterTick(holder))),
  };
  return (state) => {
    // With one of the two rounds over, nothing can go wrong between them any more.
    if (state.holders.some(({ round }) => round === 'over')) return [];
    const onMasters = state.masters.flatMap((master, on) => {
      const granted = rules.grants(master);
      const asking = granted.filter((_, holder) => state.holders[holder]?.round === 'begun').flat();
      return [...rules.admissions(master), ...asking].map(({ does, to }) => {
        const wasFounded = state.wasFounded || to.marker.kind === 'admitted';
        const masters = decideFoundings(put(state.masters, on, to), scenario, rules);
        return { does: `${on} ${does}`, to: { ...state, masters, wasFounded } };
      });
    });
    const ticked = { does: 'tick', to: tick(state, rules) };
    return [...onMasters, ...begins(state, scenario), ...losses(state, scenario, rules), ticked];
  };
}

/** What becomes of one master or holder, whatever the others are. */
interface Rules {
  readonly admissions: (master: Master) => readonly Step<Master>[];
  /** By holder. */
  readonly grants: (master: Master) => readonly (readonly Step<Master>[])[];
  readonly losses: (master: Master) => readonly Step<Master>[];
  readonly readable: (master: Master) => readonly Nonce[];
  readonly decided: (master: Master) => Master;
  readonly masterAfterTick: (master: Master) => Master;
  readonly holderAfterTick: (holder: Holder) => Holder;
}

/** All that any process may do to a master's marker. A quarantine needs no reason here: it is never the harm. */
function admissions(master: Master, { protocol }: Scenario): Step<Master>[] {
  const nonce = pendingNonce(master, protocol);
  return [
    { does: 'is inspected', to: inspect(master, protocol) },
    ...(nonce === null ? [] : [{ does: 'is quarantined', to: quarantine(master, nonce, protocol) }]),
    ...master.named.map((named) => ({ does: `is founded (nonce ${named})`, to: found(master, named, protocol) })),
  ].filter(({ to }) => to !== master);
}

/**
 * The foundings that some process can have decided upon by now, decided as soon as they can be: what was decided early
 * can be acted upon at any later time. Who reads twice saw what was true at one instant; who reads once may have read
 * each nonce in its own time. Others may be out of his reach, so that a quorum is enough.
 */
function decideFoundings(masters: readonly Master[], { quorum }: Scenario, rules: Rules): readonly Master[] {
  if (masters.filter((master) => rules.readable(master).length > 0).length < quorum) return masters;
  return masters.map(rules.decided);
}

/** The nonces of one master that somebody can have read as those of others were, too. */
function readable(master: Master, { protocol }: Scenario): readonly Nonce[] {
  const nonce = pendingNonce(master, protocol);
  if (!protocol.foundersReadTwice) return range(master.nextNonce);
  return nonce === null ? [] : [nonce];
}

function decided(master: Master, scenario: Scenario): Master {
  const unnamed = readable(master, scenario).filter((nonce) => !master.named.includes(nonce));
  return unnamed.length === 0 ? master : { ...master, named: [...master.named, ...unnamed].sort() };
}

function grants(master: Master, holder: number, { ttl, protocol }: LockScenario): Step<Master>[] {
  if (master.lock !== null || !mayVote(master, protocol) || master.granted.includes(holder)) return [];
  const granted = [...master.granted, holder].sort();
  return [{ does: `grants holder ${holder}`, to: { ...master, granted, lock: { holder, left: ttl } } }];
}

/** The holders differ in nothing, so the one that begins first is called the first. */
function begins(state: Locking, { ttl }: LockScenario): Step<Locking>[] {
  const next = state.holders.findIndex(({ round }) => round === 'ahead');
  if (next < 0) return [];
  const holders = put<Holder>(state.holders, next, { round: 'begun', left: ttl });
  return [{ does: `holder ${next} begins`, to: { ...state, holders } }];
}

function losses(state: Locking, scenario: LockScenario, rules: Rules): Step<Locking>[] {
  if (state.losses === scenario.losses || state.calm > 0) return [];
  const isOneAtATime = scenario.faults === 'one at a time';
  return state.masters.flatMap((master, on) => {
    const undecided = state.masters.filter(
      (other, at) => at === on || other.marker.kind !== 'admitted' || !other.marker.isOfThisRun,
    ).length;
    if (!isOneAtATime && state.wasFounded && undecided >= scenario.quorum) return [];
    const calm = isOneAtATime ? scenario.protocol.quarantine : 0;
    return rules.losses(master).map(({ does, to }) => {
      const masters = decideFoundings(put(state.masters, on, to), scenario, rules);
      return { does: `${on} ${does}`, to: { ...state, masters, losses: state.losses + 1, calm } };
    });
  });
}

function tick(state: Locking, rules: Rules): Locking {
  return {
    ...state,
    masters: state.masters.map(rules.masterAfterTick),
    holders: state.holders.map(rules.holderAfterTick),
    calm: Math.max(0, state.calm - 1),
  };
}

function masterAfterTick(master: Master): Master {
  const { marker, lock } = master;
  const isQuarantined = marker.kind === 'admitted' && marker.quarantine > 0;
  if (!isQuarantined && lock === null) return master;
  return {
    ...master,
    marker: isQuarantined ? { ...marker, quarantine: marker.quarantine - 1 } : marker,
    lock: lock === null || lock.left === 1 ? null : { ...lock, left: lock.left - 1 },
  };
}

function holderAfterTick(holder: Holder): Holder {
  if (holder.round !== 'begun') return holder;
  return { round: holder.left === 1 ? 'over' : 'begun', left: holder.left - 1 };
}

// Search.

export interface Step<S> {
  readonly does: string;
  readonly to: S;
}

export interface Outcome<S> {
  readonly states: number;
  /** A shortest way to a state that must not be, or null when all were seen and none is such. */
  readonly trace: readonly string[] | null;
  /** The states in which nobody can change anything any more. */
  readonly ends: readonly S[];
}

/** Tries every step in every state, the nearest states first. States of one name are one state. */
export function search<S>(
  first: S,
  steps: (state: S) => readonly Step<S>[],
  isBad: (state: S) => boolean,
  nameOf: (state: S) => string,
): Outcome<S> {
  const reached = new Map<string, { readonly does: string; readonly from: string } | null>([[nameOf(first), null]]);
  const ends: S[] = [];
  let frontier = [{ name: nameOf(first), state: first }];
  while (frontier.length > 0) {
    const next: typeof frontier = [];
    for (const { name: from, state } of frontier) {
      let isEnd = true;
      for (const { does, to } of steps(state)) {
        const name = nameOf(to);
        isEnd &&= name === from;
        if (reached.has(name)) continue;
        reached.set(name, { does, from });
        if (isBad(to)) return { states: reached.size, trace: wayTo(name), ends };
        next.push({ name, state: to });
      }
      if (isEnd) ends.push(state);
    }
    frontier = next;
  }
  return { states: reached.size, trace: null, ends };

  function wayTo(name: string): string[] {
    const step = reached.get(name);
    return step ? [...wayTo(step.from), step.does] : [];
  }
}

/** Names things by numbers, so that the name of a state is short and equal states have one name. */
export class Names {
  readonly #byText = new Map<string, number>();
  readonly #known = new WeakMap<object, number>();

  of(...things: readonly object[]): string {
    return String.fromCharCode(...things.map((thing) => this.#numberOf(thing)));
  }

  /** One name for all orders, for things that may change places without a difference. */
  inAnyOrder(things: readonly object[]): string {
    return String.fromCharCode(...things.map((thing) => this.#numberOf(thing)).sort((a, b) => a - b));
  }

  #numberOf(thing: object): number {
    const known = this.#known.get(thing);
    if (known !== undefined) return known;
    const text = JSON.stringify(thing);
    const number = this.#byText.get(text) ?? this.#byText.size;
    if (number > 0xffff) throw new Error('more different things than characters');
    this.#byText.set(text, number);
    this.#known.set(thing, number);
    return number;
  }
}

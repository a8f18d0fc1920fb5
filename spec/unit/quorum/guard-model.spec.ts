import { expect } from 'chai';
import {
  deciding,
  decidingSteps,
  locking,
  lockingSteps,
  Names,
  NEW,
  opening,
  openingSteps,
  overlaps,
  search,
  type Deciding,
  type Locking,
  type LockScenario,
  type Opening,
  type Outcome,
  type Protocol,
  type Scenario,
  type Server,
} from './guardModel';

const GUARD = 2;

const PROTOCOL: Protocol = {
  acquireRequiresMarker: true,
  acquireComparesRun: true,
  foundComparesNonce: true,
  pendingNamesRun: true,
  foundersReadTwice: true,
  quarantine: GUARD,
};

const THREE: LockScenario = {
  masters: 3,
  quorum: 2,
  protocol: PROTOCOL,
  ttl: GUARD,
  losses: 1,
  faults: 'fewer than a quorum undecided',
};

/** Any number of processes, each step of which may come at any time, and two rounds for one key. */
function searchLocks(scenario: LockScenario): Outcome<Locking> {
  const names = new Names();
  return search(
    locking(scenario),
    lockingSteps(scenario),
    (state) => overlaps(state, scenario),
    ({ masters, holders, losses, calm, wasFounded }) =>
      `${names.inAnyOrder(masters)}${names.of(...holders)}${losses}${calm}${Number(wasFounded)}`,
  );
}

/** One client that decides upon a founding, among masters that others admit and that forget. */
function searchDecisions(scenario: Scenario): Outcome<Deciding> {
  const names = new Names();
  return search(
    deciding(scenario),
    (state) => decidingSteps(state, scenario, 1),
    ({ client: { founding }, wereAllPending }) => {
      if (founding === null) return false;
      return !wereAllPending || founding.filter((nonce) => nonce !== null).length < scenario.quorum;
    },
    ({ servers, client: { beliefs, confirmed, founding }, wereAllPending }) => {
      const masters = servers.map((server, on) => `${names.of(server, beliefs[on] ?? {})}${confirmed?.includes(on)}`);
      const stage = founding === null ? confirmed !== null : 'decided';
      return `${masters.sort().join()}${stage}${stage !== false && wereAllPending}`;
    },
  );
}

/** Clients that open one set at the same time, without faults. */
function searchOpening(
  servers: readonly Server[],
  clients: number,
  isBad: (state: Opening) => boolean,
): Outcome<Opening> {
  const names = new Names();
  const scenario: Scenario = {
    masters: servers.length,
    quorum: Math.floor(servers.length / 2) + 1,
    protocol: PROTOCOL,
  };
  return search(
    opening(servers, clients),
    openingSteps(scenario),
    isBad,
    (state) => `${names.of(...state.servers)}${names.inAnyOrder(state.clients)}`,
  );
}

const isServing = ({ marker }: Server): boolean => marker.kind === 'admitted' && marker.quarantine === 0;
const isQuarantined = ({ marker }: Server): boolean => marker.kind === 'admitted' && marker.quarantine > 0;
const newSet = (masters: number): Server[] => Array.from({ length: masters }, () => NEW);

const OLD: Server = { marker: { kind: 'admitted', isOfThisRun: true, quarantine: 0 }, nextNonce: 1 };
const WIPED: Server = { marker: { kind: 'none' }, nextNonce: 1 };

/** Where no time passes, a quarantine is an admission like another. */
const TIMELESS: Protocol = { ...PROTOCOL, quarantine: 0 };

const ONE_TICK = { ttl: 1, protocol: { ...PROTOCOL, quarantine: 1 } };

describe('The restart guard, in every state of a small set', function () {
  this.timeout(300_000);

  describe('never lets two holds overlap', () => {
    const cases: readonly { readonly of: string; readonly scenario: LockScenario; readonly floor: number }[] = [
      { of: '2 masters that forget in turn', scenario: { ...THREE, masters: 2, losses: 2 }, floor: 15_000 },
      { of: '3 masters, one of which forgets', scenario: THREE, floor: 25_000 },
      { of: '3 masters, two of which forget in turn', scenario: { ...THREE, ...ONE_TICK, losses: 2 }, floor: 25_000 },
      {
        of: '4 masters, two of which forget in turn',
        scenario: { ...THREE, ...ONE_TICK, masters: 4, quorum: 3, losses: 2 },
        floor: 95_000,
      },
    ];
    for (const { of, scenario, floor } of cases) {
      it(`over ${of}`, () => {
        const { states, trace } = searchLocks(scenario);

        expect(trace).to.equal(null);
        expect(states).to.be.above(floor);
      });
    }
  });

  describe('would let two holds overlap', () => {
    const expectOverlap = ({ trace }: Outcome<Locking>, after: string): void => {
      expect(trace?.some((step) => step.endsWith(after))).to.equal(true);
      expect(trace?.at(-1)).to.match(/grants holder [01]$/);
    };

    const cases: readonly { readonly part: Partial<Protocol>; readonly lets: string; readonly after: string }[] = [
      {
        part: { acquireRequiresMarker: false },
        lets: 'if acquire did not require the marker: a wiped master would vote at once',
        after: 'is flushed, or restarts empty',
      },
      {
        part: { acquireComparesRun: false },
        lets: 'if acquire did not compare the run: a master from a snapshot would vote at once',
        after: 'restarts from a snapshot: admitted',
      },
      {
        part: { foundComparesNonce: false },
        lets: 'if FOUND did not compare the nonce: a founder that paused would admit a wiped master',
        after: 'is founded (nonce 0)',
      },
      {
        part: { pendingNamesRun: false },
        lets: 'if a pending marker did not name its run: out of a snapshot, its founding would be finished once more',
        after: 'restarts from a snapshot: pending 0',
      },
      {
        part: { foundersReadTwice: false },
        lets: 'if founders read once: with nonces read long ago they would found a wiped master as new',
        after: 'is founded (nonce 1)',
      },
    ];
    for (const { part, lets, after } of cases) {
      const scenario = { ...THREE, ...ONE_TICK, protocol: { ...ONE_TICK.protocol, ...part } };
      it(lets, () => expectOverlap(searchLocks(scenario), after));
    }

    it('if a quarantine were shorter than a ttl', () =>
      expectOverlap(searchLocks({ ...THREE, protocol: { ...PROTOCOL, quarantine: GUARD - 1 } }), 'tick'));

    // What no protocol can tell from a new set: a quorum pending, and the one admitted master out of reach.
    it('if a master forgot while another had not been admitted yet', () =>
      expectOverlap(searchLocks({ ...THREE, ...ONE_TICK, faults: 'one at a time' }), 'is flushed, or restarts empty'));
  });

  describe('founds only a quorum that was pending at one instant', () => {
    const sizes = [
      { masters: 2, quorum: 2, floor: 900 },
      { masters: 3, quorum: 2, floor: 9_000 },
    ];
    for (const { masters, quorum, floor } of sizes) {
      it(`over ${masters} masters`, () => {
        const { states, trace } = searchDecisions({ masters, quorum, protocol: TIMELESS });

        expect(trace).to.equal(null);
        expect(states).to.be.above(floor);
      });
    }

    it('and would not if it read them once', () => {
      const { trace } = searchDecisions({ ...THREE, protocol: { ...TIMELESS, foundersReadTwice: false } });

      expect(trace).to.include('0 is admitted');
    });
  });

  describe('lets a new set serve at once', () => {
    const sizes = [
      { masters: 1, clients: 3, floor: 350 },
      { masters: 2, clients: 3, floor: 3_200 },
      { masters: 3, clients: 3, floor: 36_000 },
      { masters: 4, clients: 2, floor: 5_400 },
    ];
    for (const { masters, clients, floor } of sizes) {
      it(`of ${masters}, however ${clients} clients open it together and all but one stop`, () => {
        const { states, trace, ends } = searchOpening(newSet(masters), clients, ({ servers }) =>
          servers.some(isQuarantined),
        );

        expect(trace).to.equal(null);
        expect(states).to.be.above(floor);
        expect(ends).not.to.be.empty;
        expect(ends.filter(({ servers }) => !servers.every(isServing))).to.be.empty;
      });
    }
  });

  it('brings a wiped master into quarantine, however 3 clients open the set together and all but one stop', () => {
    const first = ({ servers }: Opening): Server => servers[0] ?? NEW;
    const { states, trace, ends } = searchOpening([WIPED, OLD, OLD], 3, (state) => isServing(first(state)));

    expect(trace).to.equal(null);
    expect(states).to.be.above(1_900);
    expect(ends).not.to.be.empty;
    expect(ends.filter((state) => !isQuarantined(first(state)))).to.be.empty;
  });
});

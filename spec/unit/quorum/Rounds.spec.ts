import { expect } from 'chai';
import type { Debt } from '../../../lib/master/Debts';
import type { Master } from '../../../lib/master/Master';
import { MasterError } from '../../../lib/master/MasterError';
import type { Argument } from '../../../lib/master/Script';
import type { Acquired, Granted } from '../../../lib/quorum/Hold';
import { Rounds } from '../../../lib/quorum/Rounds';
import { Refusal } from '../../../lib/quorum/scripts';
import type { Clock } from '../../../lib/quorum/Stopwatch';

const PLAIN = { isGuarded: false, isNotifying: false };
const SETTINGS = { driftFactor: 0.01, retryCount: 3, retryDelay: 1, retryJitter: 0, nodeTimeoutMs: 0 };
const TTL_MS = 1000;
const VALID_FOR_MS = 1000 - 10 - 2;

type Command = 'acquire' | 'release';
/** `dead` was never sent to, of `cut` nobody knows whether it runs what it was sent. */
type Behaviour = 'granting' | 'taken' | 'dead' | 'cut' | 'hung';

/** A master that follows its script, and keeps what it was asked. */
class ScriptedMaster {
  readonly asked: { readonly command: Command; readonly token: string; readonly isWanted: () => boolean }[] = [];
  readonly tokens = new Set<string>();
  readonly debts: string[] = [];
  /** Called before each answer. */
  onAsked: (command: Command) => void = () => {};
  #answers: (() => void)[] = [];

  constructor(
    readonly address: string,
    public behaviour: Behaviour,
  ) {}

  run(_sha: string, numKeys: number, args: readonly Argument[], isWanted: () => boolean): Promise<unknown> {
    // An acquire takes a token and a ttl behind its keys, a release the token alone.
    const command = args.length === numKeys + 2 ? 'acquire' : 'release';
    const token = String(args[numKeys]);
    this.asked.push({ command, token, isWanted });
    this.onAsked(command);
    if (this.behaviour !== 'hung') return this.#answer(command, token);
    return new Promise((resolve) => this.#answers.push(() => resolve(this.#answer(command, token))));
  }

  owe({ token }: Debt, ttlMs: number, hasRun: boolean): void {
    this.debts.push(`${token} for ${ttlMs} ms, ${hasRun ? 'held' : 'perhaps'}`);
  }

  /** What it was asked is answered now, in its order. */
  wake(behaviour: Behaviour): void {
    this.behaviour = behaviour;
    for (const answer of this.#answers.splice(0)) answer();
  }

  commands(): readonly Command[] {
    return this.asked.map(({ command }) => command);
  }

  async #answer(command: Command, token: string): Promise<unknown> {
    if (this.behaviour === 'dead') throw new MasterError(this.address, 'unreachable', 'refused');
    if (this.behaviour === 'cut') throw new MasterError(this.address, 'unreachable', 'reset', true);
    if (command === 'release') return this.tokens.delete(token) ? 1 : 0;
    if (this.behaviour === 'taken') return [Refusal.taken, 500, -1];
    this.tokens.add(token);
    return 1;
  }
}

class SetClock implements Clock {
  monotonic = 0;
  wall = 0;
  monotonicMs = (): number => this.monotonic;
  wallMs = (): number => this.wall;
}

/** Everything that was waiting for the answers has run. */
const settling = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('Rounds', () => {
  let clock: SetClock;
  let masters: ScriptedMaster[];

  beforeEach(() => {
    clock = new SetClock();
  });

  function roundsOf(quorum: number, ...behaviours: readonly Behaviour[]): Rounds {
    masters = behaviours.map((behaviour, index) => new ScriptedMaster(`m:${index}`, behaviour));
    return new Rounds(masters as unknown as readonly Master[], quorum, SETTINGS, PLAIN, clock);
  }

  /** The grant of a round that is expected to be won. */
  function grantOf(acquired: Acquired): Granted {
    return acquired.kind === 'granted' ? acquired : expect.fail(`the round came to ${acquired.kind}`);
  }

  for (const size of [1, 2, 3, 4, 5, 6, 7]) {
    for (let quorum = Math.floor(size / 2) + 1; quorum <= size; quorum++) {
      // With one voter too few or too many that always votes against, some count here is decided wrongly or never.
      it(`over ${size} masters are won by ${quorum} grants and not by fewer, whatever the others say`, async () => {
        for (let grants = 0; grants <= size; grants++) {
          for (const other of ['taken', 'dead'] as const) {
            const behaviours = Array.from({ length: size }, (_, index) => (index < grants ? 'granting' : other));
            const acquired = await roundsOf(quorum, ...behaviours).acquire(['key'], TTL_MS, null);
            await settling();

            const lost = other === 'taken' || grants >= quorum ? 'taken' : 'no-quorum';
            expect(acquired.kind, `${grants} grants, the others ${other}`).to.equal(
              grants >= quorum ? 'granted' : lost,
            );
            const kept = masters.filter(({ tokens }) => tokens.size > 0).length;
            expect(kept, `masters that keep a token after ${grants} grants`).to.equal(grants >= quorum ? grants : 0);
          }
        }
      });
    }
  }

  it('ask every master once, with one token, and a new one for each attempt', async () => {
    const rounds = roundsOf(2, 'granting', 'granting', 'granting');
    await rounds.release(grantOf(await rounds.acquire(['key'], TTL_MS, null)).hold);
    await rounds.acquire(['key'], TTL_MS, null);

    for (const master of masters) expect(master.commands()).to.eql(['acquire', 'release', 'acquire']);
    const tokens = masters.map(({ asked }) => asked.map(({ token }) => token));
    expect(new Set(tokens.map(String)).size).to.equal(1);
    expect(tokens[0]?.[0]).to.have.length.above(15).and.to.equal(tokens[0]?.[1]).and.not.to.equal(tokens[0]?.[2]);
  });

  it('make one attempt, whatever the settings say of retries', async () => {
    const rounds = roundsOf(2, 'taken', 'taken', 'taken');
    await rounds.acquire(['key'], TTL_MS, null);

    for (const master of masters) expect(master.commands()).to.eql(['acquire']);
  });

  it('give a lost round back to masters that granted it or did not say, and to no others', async () => {
    const rounds = roundsOf(3, 'granting', 'taken', 'taken', 'dead', 'hung');
    const acquiring = rounds.acquire(['key'], TTL_MS, null);
    await settling();
    masters[4]?.wake('granting');

    expect((await acquiring).kind).to.equal('taken');
    await settling();
    expect(masters.map((master) => master.commands())).to.eql([
      ['acquire', 'release'],
      ['acquire'],
      ['acquire'],
      ['acquire', 'release'],
      ['acquire', 'release'],
    ]);
    expect(masters.filter(({ tokens }) => tokens.size > 0)).to.eql([]);
  });

  it('answer a refusal at once, and give back behind it what was granted late', async () => {
    const rounds = roundsOf(2, 'taken', 'taken', 'hung');
    expect((await rounds.acquire(['key'], TTL_MS, null)).kind).to.equal('taken');
    let isIdle = false;
    const idle = rounds.idle().then(() => (isIdle = true));
    await settling();
    expect(isIdle).to.equal(false);
    expect(masters.map((master) => master.commands())).to.eql([['acquire'], ['acquire'], ['acquire']]);

    masters[2]?.wake('granting');
    await idle;
    expect(masters.map((master) => master.commands())).to.eql([['acquire'], ['acquire'], ['acquire', 'release']]);
    expect(masters[2]?.tokens.size).to.equal(0);
  });

  it('give back what was granted late at once, and not when the slowest has answered', async () => {
    const rounds = roundsOf(3, 'taken', 'taken', 'dead', 'hung', 'hung');
    const acquiring = rounds.acquire(['key'], TTL_MS, null);
    await settling();
    masters[3]?.wake('granting');
    await settling();
    expect(masters[3]?.commands()).to.eql(['acquire', 'release']);
    expect(masters[3]?.tokens.size).to.equal(0);
    expect((await acquiring).kind).to.equal('taken');

    masters[4]?.wake('granting');
    await rounds.idle();
    expect(masters[4]?.tokens.size).to.equal(0);
  });

  it('are not over for who waits for them until the last has answered, also where they were won', async () => {
    const rounds = roundsOf(2, 'granting', 'granting', 'hung');
    const grant = grantOf(await rounds.acquire(['key'], TTL_MS, null));
    const last = masters[2] ?? expect.fail('no master');
    let isIdle = false;
    const idle = rounds.idle().then(() => (isIdle = true));
    await settling();
    expect(isIdle).to.equal(false);
    last.wake('granting');
    await idle;

    last.behaviour = 'hung';
    await rounds.release(grant.hold);
    const releasedIdle = rounds.idle().then(() => expect(last.tokens.size).to.equal(0));
    await settling();
    last.wake('granting');
    await releasedIdle;
  });

  it('ask nobody a second time whom all have refused', async () => {
    const rounds = roundsOf(2, 'taken', 'taken', 'hung');
    await rounds.acquire(['key'], TTL_MS, null);
    masters[2]?.wake('taken');
    await rounds.idle();
    expect(masters.map((master) => master.commands())).to.eql([['acquire'], ['acquire'], ['acquire']]);
  });

  it('leave word of what a master may hold without an owner, and for how long', async () => {
    const rounds = roundsOf(2, 'granting', 'granting', 'cut');
    const grant = grantOf(await rounds.acquire(['key'], TTL_MS, null));
    const { token } = grant.hold;
    await settling();
    expect(masters.map(({ debts }) => debts)).to.eql([[], [], [`${token} for ${TTL_MS} ms, perhaps`]]);

    for (const master of masters) master.behaviour = 'dead';
    await rounds.release(grant.hold);
    await settling();
    const held = `${token} for ${TTL_MS} ms, held`;
    expect(masters.map(({ debts }) => debts)).to.eql([[held], [held], [`${token} for ${TTL_MS} ms, perhaps`]]);
  });

  it('leave word of what a lost round has left, too', async () => {
    const rounds = roundsOf(2, 'granting', 'taken', 'taken');
    const [granting] = masters;
    if (granting === undefined) throw new Error('no master');
    granting.onAsked = (command) => {
      if (command === 'release') granting.behaviour = 'dead';
    };
    await rounds.acquire(['key'], TTL_MS, null);
    await settling();

    expect(masters.map(({ debts }) => debts)).to.eql([[`${granting.asked[0]?.token} for ${TTL_MS} ms, held`], [], []]);
  });

  it('keep rounds apart that run at the same time', async () => {
    const rounds = roundsOf(2, 'granting', 'hung', 'hung');
    const first = rounds.acquire(['one'], TTL_MS, null);
    const second = rounds.acquire(['two'], TTL_MS, null);
    masters[1]?.wake('granting');
    masters[2]?.wake('granting');
    const [one, two] = [grantOf(await first), grantOf(await second)];
    expect(masters.map(({ tokens }) => tokens.size)).to.eql([2, 2, 2]);

    expect((await rounds.release(one.hold)).verdict).to.equal('granted');
    for (const { tokens } of masters) expect([...tokens]).to.eql([two.hold.token]);
  });

  it('say what became of a release: deleted by a quorum, gone before, or too few to say', async () => {
    const rounds = roundsOf(2, 'granting', 'granting', 'granting');
    const grant = grantOf(await rounds.acquire(['key'], TTL_MS, null));
    expect((await rounds.release(grant.hold)).verdict).to.equal('granted');
    expect((await rounds.release(grant.hold)).verdict).to.equal('taken');

    for (const master of masters.slice(0, 2)) master.behaviour = 'dead';
    const { verdict, votes } = await rounds.release(grant.hold);
    expect(verdict).to.equal('no-quorum');
    expect(votes.answers.map(({ address, vote }) => [address, vote?.kind])).to.eql([
      ['m:0', 'none'],
      ['m:1', 'none'],
      ['m:2', 'taken'],
    ]);
  });

  describe('against the clock', () => {
    /** A round of which each master's answer takes the clocks on. */
    async function acquireIn(monotonicMs: number, wallMs: number): Promise<Acquired> {
      const rounds = roundsOf(2, 'granting', 'granting', 'granting');
      const [last] = masters.slice(-1);
      if (last === undefined) throw new Error('no master');
      last.onAsked = (command) => {
        if (command === 'release') return;
        clock.monotonic += monotonicMs;
        clock.wall += wallMs;
      };
      const acquired = await rounds.acquire(['key'], TTL_MS, null);
      await settling();
      return acquired;
    }

    const keptTokens = (): number => masters.filter(({ tokens }) => tokens.size > 0).length;

    it('hand out a lock for its ttl without the drift, counted from before the round', async () => {
      const grant = grantOf(await acquireIn(40, 40));

      expect(grant.term.validForMs).to.equal(VALID_FOR_MS);
      expect(grant.term.stopwatch.elapsedMs()).to.equal(40);
    });

    it('hand out a lock that is granted with a moment left', async () => {
      expect((await acquireIn(VALID_FOR_MS - 0.5, 0)).kind).to.equal('granted');
      expect(keptTokens()).to.equal(3);
    });

    for (const [title, monotonicMs, wallMs] of [
      ['at the moment when it expires', VALID_FOR_MS, VALID_FOR_MS],
      ['long after it has expired', 5 * TTL_MS, 5 * TTL_MS],
      ['after a sleep that only the wall clock has seen', 0, 5 * TTL_MS],
      ['late, with the wall clock set back', VALID_FOR_MS, -5 * TTL_MS],
    ] as const) {
      it(`give back a lock that is granted ${title}: nobody can say that it is held`, async () => {
        const acquired = await acquireIn(monotonicMs, wallMs);

        if (acquired.kind === 'granted') expect.fail('it was handed out');
        expect(acquired.kind).to.equal('no-quorum');
        expect(acquired.answers.map(({ vote }) => (vote?.kind === 'none' ? vote.error.kind : vote?.kind))).to.eql([
          'late',
          'late',
          'late',
        ]);
        expect(keptTokens()).to.equal(0);
        for (const master of masters) expect(master.commands()).to.eql(['acquire', 'release']);
      });
    }

    it('call no vote late but a grant', async () => {
      const rounds = roundsOf(3, 'granting', 'taken', 'granting', 'dead', 'granting');
      for (const master of masters) master.onAsked = () => (clock.monotonic += TTL_MS);
      const acquired = await rounds.acquire(['key'], TTL_MS, null);

      if (acquired.kind === 'granted') expect.fail('it was handed out');
      expect(acquired.answers.map(({ vote }) => (vote?.kind === 'none' ? vote.error.kind : vote?.kind))).to.eql([
        'late',
        'taken',
        'late',
        'unreachable',
        'late',
      ]);
    });
  });

  describe('with a master that has lost the scripts', () => {
    /** Whether the acquire that the hung master was asked for may still be sent a second time. */
    const isWanted = (): boolean | undefined => masters[2]?.asked[0]?.isWanted();

    it('want the acquire while the round is open, and while the lock is held', async () => {
      const rounds = roundsOf(2, 'granting', 'hung', 'hung');
      const acquiring = rounds.acquire(['key'], TTL_MS, null);
      await settling();
      expect(isWanted()).to.equal(true);

      masters[1]?.wake('granting');
      const grant = grantOf(await acquiring);
      expect(isWanted()).to.equal(true);

      masters[2]?.wake('dead');
      await rounds.release(grant.hold);
      expect(isWanted()).to.equal(false);
    });

    it('do not want it as soon as the release is sent, answered or not', async () => {
      const rounds = roundsOf(2, 'granting', 'granting', 'hung');
      const grant = grantOf(await rounds.acquire(['key'], TTL_MS, null));
      const releasing = rounds.release(grant.hold);

      expect(isWanted()).to.equal(false);
      await releasing;
    });

    it('do not want it after a round that was lost without it', async () => {
      const rounds = roundsOf(2, 'taken', 'taken', 'hung');

      expect((await rounds.acquire(['key'], TTL_MS, null)).kind).to.equal('taken');
      expect(isWanted()).to.equal(false);
      await settling();
      expect(masters[2]?.commands()).to.eql(['acquire']);
    });
  });
});

import { Attempt } from './Attempt';
import { Links } from './Links';
import { GUARD, KEYS, MICROS, PATIENCE, VALID } from './settings';
import type { Answer } from './SimulatedMaster';
import { SimulatedReminders } from './SimulatedReminders';
import type { World } from './World';

/** A process that acquires one lock after another, until it crashes and is started again. */
export class SimulatedClient {
  readonly #links: Links;
  #reminders: SimulatedReminders;
  #attempt: Attempt | null = null;
  /** Of its clock; in microseconds, as all that follow. */
  #skew = 0;
  #ahead = 0;
  #last = 0;

  constructor(private readonly world: World) {
    this.#links = new Links(world.masters.length, world.timeline, world.chance);
    this.#reminders = new SimulatedReminders(world, this.#links);
  }

  start(): void {
    const { timeline, chance } = this.world;
    this.#reminders = new SimulatedReminders(this.world, this.#links);
    this.#forgetOthers();
    this.#setClock();
    timeline.after(chance.between(1, 20), () => this.#begin());
  }

  /** Like a process that is new: it does not know how far the numbers are ahead of its clock. */
  #forgetOthers(): void {
    this.#ahead = 0;
    this.#last = 0;
  }

  /** A little wrong, or very: behind, or ahead by more than the masters accept. */
  #setClock(): void {
    const { chance } = this.world;
    const far = chance.below(30 * GUARD) * MICROS;
    const kind = chance.below(4);
    this.#skew = kind === 0 ? far : kind === 1 ? -far : chance.between(-2 * MICROS, 2 * MICROS);
  }

  #micros(): number {
    return this.world.timeline.now * MICROS + this.#skew;
  }

  #begin(): void {
    const { masters, quorum, timeline, chance } = this.world;
    if (chance.oneIn(100)) this.#setClock();
    if (chance.oneIn(60)) this.#links.change(masters.length - quorum);
    if (chance.oneIn(4)) this.#forgetOthers();
    this.#last = Math.max(this.#last + 1, this.#micros() + this.#ahead);
    const attempt = new Attempt(chance.below(KEYS), this.world.unused(), this.#last, timeline.now, masters.length);
    this.#attempt = attempt;
    const { key, token, proposed } = attempt;
    for (const master of masters) {
      this.#links.ask(master, () => {
        const answer = master.acquire(key, token, proposed, timeline.now);
        this.#links.answer(() => this.#hear(attempt, master.index, answer));
      });
    }
    timeline.after(PATIENCE, () => this.#complete(attempt));
    if (chance.oneIn(30)) timeline.after(chance.between(1, 30), () => this.#crash(attempt));
  }

  #hear(attempt: Attempt, on: number, answer: Answer): void {
    if (attempt.isComplete) return;
    const { masters, quorum } = this.world;
    attempt.record(on, answer);
    if (attempt.stage === 'asking') {
      if (attempt.granted >= quorum) this.#decide(attempt);
      else if (attempt.heard - attempt.granted > masters.length - quorum) this.#end(attempt);
    }
    if (attempt.heard === masters.length) this.#complete(attempt);
  }

  /** All have answered, or will not. */
  #complete(attempt: Attempt): void {
    if (attempt.isComplete) return;
    attempt.isComplete = true;
    if (attempt.stage === 'asking') this.#end(attempt);
    if (attempt.granted < this.world.quorum) return;
    for (const [on, nonce] of attempt.forgetful()) this.#reminders.remind(on, nonce, () => {});
  }

  #decide(attempt: Attempt): void {
    const known = attempt.known();
    this.#ahead = Math.max(this.#ahead, Math.max(...known) - this.#micros());
    if (attempt.accepted >= this.world.quorum) this.#handOut(attempt, attempt.proposed, 'quick');
    else this.#goHigher(attempt, known);
  }

  #goHigher(attempt: Attempt, known: number[]): void {
    attempt.stage = 'going higher';
    const { quorum } = this.world;
    if (known.length >= quorum) {
      this.#write(attempt, Math.max(...known) + 1, 'written');
      return;
    }
    const forgetful = attempt.forgetful();
    let pending = forgetful.length;
    const goOn = (floor: number | null): void => {
      if (floor !== null) known.push(floor);
      pending -= 1;
      if (pending > 0 || attempt.stage !== 'going higher') return;
      if (known.length >= quorum) this.#write(attempt, Math.max(...known) + 1, 'afterReminder');
      else this.#end(attempt);
    };
    for (const [on, nonce] of forgetful) this.#reminders.remind(on, nonce, goOn);
  }

  #write(attempt: Attempt, number: number, way: 'written' | 'afterReminder'): void {
    const { masters, quorum, timeline } = this.world;
    const { key, token } = attempt;
    let accepted = 0;
    for (const master of masters) {
      this.#links.ask(master, () => {
        if (!master.write(key, token, number, timeline.now)) return;
        this.#links.answer(() => {
          accepted += 1;
          if (accepted === quorum && attempt.stage === 'going higher') this.#handOut(attempt, number, way);
        });
      });
    }
    timeline.after(PATIENCE, () => {
      if (attempt.stage === 'going higher') this.#end(attempt);
    });
  }

  #handOut(attempt: Attempt, token: number, way: 'quick' | 'written' | 'afterReminder'): void {
    const { timeline, chance, judge, tally } = this.world;
    const left = attempt.startedAt + VALID - timeline.now;
    if (left <= 0) {
      this.#end(attempt);
      return;
    }
    tally[way] += 1;
    attempt.stage = 'holding';
    judge.handOut(attempt.key, token, attempt.naive, timeline.now, timeline.now + left);
    timeline.after(chance.oneIn(100) ? left : Math.min(left, chance.between(1, 10)), () => this.#end(attempt));
  }

  /** Gives back whatever it may have. */
  #end(attempt: Attempt): void {
    if (attempt.stage === 'over') return;
    const { masters, timeline, chance, tally } = this.world;
    const { key, token } = attempt;
    if (attempt.stage !== 'holding') tally.failed += 1;
    this.#leave(attempt);
    for (const master of masters) this.#links.ask(master, () => master.release(key, token));
    // Busy times and quiet ones, in which some masters hear of nothing while others forget.
    timeline.after(chance.oneIn(2) ? chance.between(1, 600) : chance.between(1, 12), () => this.#begin());
  }

  /** Whatever it has, it leaves, and nothing that is on its way reaches it. */
  #crash(attempt: Attempt): void {
    if (this.#attempt !== attempt) return;
    this.world.tally.crashes += 1;
    this.#leave(attempt);
    attempt.isComplete = true;
    this.#reminders.stop();
    this.start();
  }

  #leave(attempt: Attempt): void {
    if (attempt.stage === 'holding') this.world.judge.over(attempt.key);
    attempt.stage = 'over';
    this.#attempt = null;
  }
}

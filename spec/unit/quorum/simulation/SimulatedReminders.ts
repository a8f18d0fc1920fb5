import type { Links } from './Links';
import { PATIENCE } from './settings';
import type { Memory, SimulatedMaster } from './SimulatedMaster';
import type { World } from './World';

/** Is told what the master starts from; null where it was not reminded, or not for all that is known. */
type Heard = (floor: number | null) => void;

/** What one process does to remind masters that have forgotten. */
export class SimulatedReminders {
  /** Those under way, by the nonce of the loss, with whoever waits for them. */
  readonly #underway = new Map<number, Heard[]>();

  constructor(
    private readonly world: World,
    private readonly links: Links,
  ) {}

  remind(on: number, nonce: number, heard: Heard): void {
    const waiting = this.#underway.get(nonce);
    if (waiting !== undefined) {
      waiting.push(heard);
      return;
    }
    this.#underway.set(nonce, [heard]);
    const { masters, quorum } = this.world;
    this.#read(on, (memories) => {
      const sure = memories.filter(({ forgot }) => forgot === 0).length;
      // Never more than a minority forget here: what is left in all of them never has to do.
      if (sure <= masters.length - quorum) this.#settle(nonce, null);
      else if (this.#underway.has(nonce)) this.#write(on, nonce, Math.max(...memories.map(({ highest }) => highest)));
    });
  }

  /** The process is gone, and hears nothing any more. */
  stop(): void {
    this.#underway.clear();
  }

  #read(on: number, done: (memories: readonly Memory[]) => void): void {
    const memories: Memory[] = [];
    let pending = this.world.masters.length - 1;
    for (const other of this.world.masters) {
      if (other.index === on) continue;
      this.links.ask(other, () => {
        const memory = other.read();
        this.links.answer(() => {
          if (memory !== null) memories.push(memory);
          pending -= 1;
          if (pending === 0) done(memories);
        });
      });
    }
    this.world.timeline.after(PATIENCE, () => {
      if (pending > 0) done(memories);
      pending = 0;
    });
  }

  #write(on: number, nonce: number, floor: number): void {
    const master = this.world.masters[on] as SimulatedMaster;
    this.links.ask(master, () => {
      const isReminded = master.remind(nonce, floor);
      if (isReminded) this.world.tally.reminded += 1;
      this.links.answer(() => this.#settle(nonce, isReminded ? floor : null));
    });
    this.world.timeline.after(PATIENCE, () => this.#settle(nonce, null));
  }

  #settle(nonce: number, floor: number | null): void {
    const waiting = this.#underway.get(nonce) ?? [];
    this.#underway.delete(nonce);
    for (const heard of waiting) heard(floor);
  }
}

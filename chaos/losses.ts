import { minorityOf, type Scenario, type Step } from './Action';
import { Random } from './Random';

/** A span of time in which a master is not to be touched by anything else. */
export interface Reservation {
  readonly master: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** The losses of memory, and what they need in order to be what they are meant to be. */
export interface Losses {
  readonly steps: readonly Step[];
  readonly reservations: readonly Reservation[];
}

/** How long the workers take, at most, to reach a master that has come back: it may be their longest pause, and more. */
const RECONNECTION_MS = 1500;
const FIRST_MS = 1200;

/**
 * Plans the losses of memory. They come in waves of at most a minority, and the next wave waits until the masters of
 * the one before were reached, were in quarantine, and are back: this is what the restart guard asks of an operator.
 *
 * Within that, each wave is as mean as it can be: other masters hang while locks are acquired without them, and return
 * at the moment of the loss. What forgot and what was away would together make a quorum that knows of no lock.
 */
export function planLosses(scenario: Scenario): Losses {
  const { seed, masters, durationMs, guardMs } = scenario;
  const random = new Random(seed, 'losses');
  const steps: Step[] = [];
  const reservations: Reservation[] = [];
  const most = minorityOf(masters);
  if (most === 0) return { steps, reservations };
  const all = Array.from({ length: masters }, (_, master) => master);
  for (let atMs = FIRST_MS + random.whole(0, 1000); ;) {
    const leadMs = random.whole(Math.round(guardMs * 0.4), Math.round(guardMs * 0.9));
    const fromMs = Math.max(0, atMs - leadMs);
    const forgetful = random.sample(all, random.whole(1, most));
    const hanging = random.chance(0.75) ? random.sample(without(all, forgetful), most) : [];
    let backMs = atMs;
    for (const master of forgetful) {
      const lossMs = atMs + random.whole(0, 150);
      const emptyMs = lossMs + random.whole(50, 500);
      if (random.chance(0.5)) {
        steps.push(step(lossMs, master, 'kill'), step(emptyMs, master, 'start-empty'));
        backMs = Math.max(backMs, emptyMs);
      } else {
        steps.push(step(lossMs, master, 'flush'));
        backMs = Math.max(backMs, lossMs);
      }
    }
    for (const master of hanging) {
      steps.push(step(fromMs, master, 'pause'), step(atMs + random.whole(0, 300), master, 'resume'));
    }
    const overMs = backMs + RECONNECTION_MS + guardMs;
    if (overMs > durationMs) {
      // What would not be over in time is left out as a whole.
      return { steps: steps.filter((one) => one.atMs < fromMs), reservations };
    }
    for (const master of [...forgetful, ...hanging]) reservations.push({ master, fromMs, toMs: overMs });
    atMs = overMs + guardMs + random.whole(0, 1000);
  }
}

function step(atMs: number, master: number, act: 'pause' | 'resume' | 'kill' | 'start-empty' | 'flush'): Step {
  return { atMs, action: { on: 'master', master, act } };
}

function without(all: readonly number[], some: readonly number[]): readonly number[] {
  return all.filter((one) => !some.includes(one));
}

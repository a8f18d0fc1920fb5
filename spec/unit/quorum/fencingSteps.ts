import { goHigher, grant, endOf, write } from './fencingHolders';
import { forget, remind, serveOthers } from './fencingMasters';
import { isDecided, Memory, Stage, type Fencing, type Scenario } from './fencingModel';
import type { Step } from './guardModel';

/**
 * Every step is one script on one master, or what one process makes of its answers. A message that is late is a step
 * taken later, one that is lost a step not taken. There is no time in it but for this: a lock is over before another
 * takes its place on a master, and before a master that may have forgotten it votes again.
 */
export function fencingSteps(state: Fencing, scenario: Scenario): readonly Step<Fencing>[] {
  const steps: Step<Fencing>[] = [];
  if (isDecided(state, scenario)) return steps;
  for (const [index, { stage }] of state.holders.entries()) {
    if (stage === Stage.over) continue;
    for (let on = 0; on < scenario.masters; on += 1) {
      if (stage !== Stage.fenced) grant(steps, state, scenario, index, on);
      if (stage === Stage.writing) write(steps, state, scenario, index, on);
    }
    if (stage === Stage.asking) goHigher(steps, state, scenario, index);
    if (stage !== Stage.ahead) steps.push({ does: `${index} is over`, to: endOf(state, index) });
  }
  for (const [on, { memory }] of state.masters.entries()) {
    if (scenario.hasOtherKeys) serveOthers(steps, state, scenario, on);
    forget(steps, state, scenario, on);
    if (memory !== Memory.whole) remind(steps, state, scenario, on);
  }
  return steps;
}

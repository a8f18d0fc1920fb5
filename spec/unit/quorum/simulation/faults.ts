import type { SimulatedMaster } from './SimulatedMaster';
import type { World } from './World';

/** Masters go away and come back late, and forget, now and then. Never is more than a minority without its memory. */
export function disturb(world: World, admitsThatItForgot: boolean): void {
  const { masters, timeline, chance, tally } = world;
  const minority = masters.length - world.quorum;

  function fault(): void {
    timeline.after(chance.between(30, 600), fault);
    const master = masters[chance.below(masters.length)] as SimulatedMaster;
    if (timeline.now < master.awayUntil || !master.isAdmitted) return;
    const unsure = masters.filter((other) => other !== master && !other.isSure).length;
    if (chance.oneIn(3)) pause(master);
    else if (unsure < minority) forget(master);
  }

  function pause(master: SimulatedMaster): void {
    tally.pauses += 1;
    master.awayUntil = timeline.now + chance.between(1, 600);
  }

  function forget(master: SimulatedMaster): void {
    tally.losses += 1;
    if (!master.isSure) tally.lossesAgain += 1;
    const away = chance.between(1, 200);
    master.forget(chance.oneIn(2));
    master.awayUntil = timeline.now + away;
    const nonce = admitsThatItForgot ? world.unused() : 0;
    timeline.after(away + chance.between(1, 30), () => master.admit(nonce, timeline.now));
  }

  function save(): void {
    timeline.after(chance.between(1, 300), save);
    (masters[chance.below(masters.length)] as SimulatedMaster).save();
  }

  fault();
  save();
}

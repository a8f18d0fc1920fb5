import type { Answer } from '../quorum/Votes';

/** Those who wait for the same expiry try one after the other, so many ms apart: about what a round takes. */
const APART_MS = 2;
const MOST_APART_MS = 20;

/**
 * In how many ms an abandoned lock will be free, after what a round was told; Infinity where nobody knows.
 *
 * @param quorum how many masters have to grant it then
 */
export function untilExpiryMs(answers: readonly Answer[], quorum: number): number {
  const takenMs: number[] = [];
  let rank = Infinity;
  let granted = 0;
  let pending = 0;
  for (const { vote } of answers) {
    if (vote === null) pending += 1;
    if (vote?.kind === 'granted') granted += 1;
    if (vote?.kind !== 'taken') continue;
    takenMs.push(vote.remainingMs ?? Infinity);
    rank = Math.min(rank, vote.rank ?? Infinity);
  }
  takenMs.sort((left, right) => left - right);
  const needed = Math.max(1, quorum - granted);
  // Half of an even number refuse before the others have answered: these are taken to be like the last one.
  const told = takenMs.length + pending < needed ? 0 : Math.min(needed, takenMs.length);
  const lastMs = takenMs[told - 1] ?? Infinity;
  // Without a place in line, chance decides the order.
  const apartMs = rank === Infinity ? Math.random() * MOST_APART_MS : Math.min(rank * APART_MS, MOST_APART_MS);
  // A key of so many ms left is still there when they have just passed.
  return lastMs + 1 + apartMs;
}

import { fallsBack, fencing, nameOf, type Fencing, type Scenario } from './fencingModel';
import { fencingSteps } from './fencingSteps';
import { search, type Outcome } from './guardModel';

/** How much a search has seen, and what it has found. */
export type Seen = Pick<Outcome<Fencing>, 'states' | 'trace'>;

/** Searches a set for a state of that kind. */
export function searched(scenario: Scenario, isSought = fallsBack): Outcome<Fencing> {
  return search(
    fencing(scenario),
    (state) => fencingSteps(state, scenario),
    isSought,
    (state) => nameOf(state, scenario),
  );
}

/** Searches a set for a token that does not rise. */
export function seenOf(scenario: Scenario): Seen {
  const { states, trace } = searched(scenario);
  return { states, trace };
}

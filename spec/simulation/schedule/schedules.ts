import fc from 'fast-check';
import type { Schedule, Step } from './Step';

const CLIENTS = 3;
const MASTERS = 5;

const client = fc.nat({ max: CLIENTS - 1 });
const master = fc.nat({ max: MASTERS - 1 });
const nth = fc.nat({ max: 2 });
const key = fc.constantFrom('a', 'a', 'a', 'b');
const keys = fc.oneof(
  { weight: 5, arbitrary: key.map((one) => [one]) },
  { weight: 1, arbitrary: fc.constant(['a', 'b']) },
);
const shortMs = fc.constantFrom(1, 5, 20, 50, 150, 300, 600);
const longMs = fc.constantFrom(50, 300, 600, 1500, 4000);
const ttlMs = fc.constantFrom(100, 400, 1100, 3000, 30_000);
const jumpMs = fc.constantFrom(-3_600_000, -2000, -300, 300, 2000, 3_600_000);

function step<Kind extends string, Parts extends object>(
  kind: Kind,
  parts: { [Name in keyof Parts]: fc.Arbitrary<Parts[Name]> },
) {
  return fc.record({ kind: fc.constant(kind), ...parts }) as unknown as fc.Arbitrary<{ kind: Kind } & Parts>;
}

const acquire = step('acquire', {
  client,
  keys,
  ttlMs,
  timeoutMs: fc.constantFrom(0, 0, 200, 1000, 5000),
  isRenewed: fc.boolean(),
  isFenced: fc.boolean(),
  heldMs: fc.oneof(fc.constant(null), shortMs),
});

const actions = [
  { weight: 12, arbitrary: acquire },
  { weight: 4, arbitrary: step('release', { client, nth }) },
  { weight: 1, arbitrary: step('keep', { client, nth }) },
  { weight: 1, arbitrary: step('cancel', { client, nth }) },
  { weight: 2, arbitrary: step('extend', { client, nth, ttlMs }) },
  { weight: 1, arbitrary: step('hand-over', { client, nth, to: client }) },
  { weight: 1, arbitrary: step('close', { client }) },
  { weight: 1, arbitrary: step('open', { client }) },
];

const mishaps = [
  { weight: 1, arbitrary: step('crash', { client }) },
  { weight: 2, arbitrary: step('stop', { client, ms: longMs }) },
  { weight: 1, arbitrary: step('sleep', { client, ms: longMs }) },
  { weight: 1, arbitrary: step('set-clock', { client, ms: jumpMs }) },
];

const outages = [
  { weight: 1, arbitrary: step('cut', { client, master, ms: longMs }) },
  { weight: 2, arbitrary: step('cut-requests', { client, master, ms: longMs }) },
  { weight: 2, arbitrary: step('cut-answers', { client, master, ms: longMs }) },
  { weight: 2, arbitrary: step('reset', { client, master }) },
];

const faults = [
  { weight: 2, arbitrary: step('hang', { master, ms: longMs }) },
  {
    weight: 2,
    arbitrary: step('restart', { master, ms: shortMs, memory: fc.constantFrom('kept', 'kept', 'lost', 'snapshot') }),
  },
  { weight: 1, arbitrary: step('save', { master }) },
  { weight: 1, arbitrary: step('flush', { master }) },
  { weight: 1, arbitrary: step('mend', { master }) },
  {
    weight: 1,
    arbitrary: step('refuse', {
      master,
      refusal: fc.constantFrom('OOM', 'NOREPLICAS', 'MISCONF', 'READONLY', 'NOPERM'),
    }),
  },
];

const intrusions = [
  { weight: 1, arbitrary: step('foreign-lock', { master, key, ms: shortMs }) },
  { weight: 1, arbitrary: step('foreign-delete', { master, key }) },
  { weight: 1, arbitrary: step('set-master-clock', { master, ms: jumpMs }) },
];

/** Locks that stand on some masters only, and masters that forget: what the guard is for. */
const losses = [
  {
    weight: 6,
    arbitrary: step('acquire', {
      client,
      keys: fc.constant(['a']),
      ttlMs: fc.constantFrom(3000, 30_000),
      timeoutMs: fc.constantFrom(0, 1000),
      isRenewed: fc.boolean(),
      isFenced: fc.boolean(),
      heldMs: fc.constantFrom(null, 600),
    }),
  },
  { weight: 1, arbitrary: step('release', { client, nth }) },
  { weight: 1, arbitrary: step('open', { client }) },
  { weight: 1, arbitrary: step('crash', { client }) },
  { weight: 4, arbitrary: step('cut', { client, master, ms: fc.constantFrom(300, 1500, 4000) }) },
  { weight: 1, arbitrary: step('save', { master }) },
  { weight: 1, arbitrary: step('flush', { master }) },
  { weight: 3, arbitrary: step('restart', { master, ms: shortMs, memory: fc.constantFrom('lost', 'snapshot') }) },
];

type Weighted = { readonly weight: number; readonly arbitrary: fc.Arbitrary<object> };

function stepsOf(kinds: readonly Weighted[]): fc.Arbitrary<readonly Step[]> {
  const timed = fc.tuple(fc.constantFrom(0, 0, 1, 3, 10, 40, 120, 500), fc.oneof(...(kinds as Weighted[])));
  const one = timed.map(([afterMs, what]) => ({ afterMs, ...what }) as Step);
  return fc.array(one, { maxLength: 40, size: 'max' });
}

/** All that may happen. Intrusions break more than the lock can hold against, so most schedules are without. */
const anything: fc.Arbitrary<Schedule> = fc.record({
  seed: fc.integer(),
  masters: fc.constantFrom(1, 2, 3, 3, 3, 4, 5),
  clients: fc.integer({ min: 1, max: CLIENTS }),
  latencyMs: fc.constantFrom(0.2, 0.2, 1, 5, 25),
  steps: fc.oneof(
    { weight: 1, arbitrary: stepsOf(actions) },
    { weight: 2, arbitrary: stepsOf([...actions, ...mishaps, ...outages]) },
    { weight: 4, arbitrary: stepsOf([...actions, ...mishaps, ...outages, ...faults]) },
    { weight: 2, arbitrary: stepsOf(losses) },
    { weight: 1, arbitrary: stepsOf([...actions, ...outages, ...faults, ...intrusions]) },
  ),
});

/** The first of a sample is small, and often empty, unless it is drawn without a bias. */
export const schedules = fc.noBias(anything);

/** The schedule of one seed. */
export function scheduleOf(seed: number): Schedule {
  const [schedule] = fc.sample(schedules, { seed, numRuns: 1 });
  if (schedule === undefined) throw new Error('nothing was drawn');
  return schedule;
}

import type { Suite } from 'mocha';

/** What `process.getActiveResourcesInfo` calls things, and what they are. Only what keeps a process alive is listed. */
const KINDS: ReadonlyMap<string, string> = new Map([
  ['Timeout', 'timer'],
  ['TCPSocketWrap', 'socket'],
  ['TLSWrap', 'socket'],
  ['TCPServerWrap', 'listening socket'],
  ['PipeWrap', 'pipe or unix socket'],
  ['UDPWrap', 'udp socket'],
  ['ProcessWrap', 'child process'],
]);

// A socket that was destroyed or a child that was killed is still listed for some turns of the loop. A timer is not: it
// is gone with its clearing, so that it gets no such grace, in which a short one would pass unseen.
const GRACE_MS = 500;
const GRACE_TURNS = 100;
const SETTLING_TURNS = 5;

type Census = ReadonlyMap<string, number>;

let baseline: Census = new Map();
const warnings: Error[] = [];
const outside: string[] = [];
const rejections = new WeakSet<Promise<unknown>>();

// Node prints each warning. Those of the lock are looked at by the specs that mean them; between the results of the others
// they would bury what a reader looks for.
for (const print of process.listeners('warning')) {
  process.off('warning', print);
  process.on('warning', (warning) => {
    if (warning.name !== 'RedisLockWarning') print(warning);
  });
}

process.on('warning', (warning) => {
  if (warning.name === 'MaxListenersExceededWarning') warnings.push(warning);
});

// Thrown from here, it becomes an uncaught exception, and so the failure of the test that runs. Mocha's own listener
// repeats the event for other listeners, hence the memory; without this one it would swallow the rejection.
process.on('unhandledRejection', (reason, promise) => {
  if (rejections.has(promise)) return;
  rejections.add(promise);
  throw reason instanceof Error ? reason : new Error(`unhandled rejection: ${String(reason)}`, { cause: reason });
});

/** The run fails, naming the suite, on a timer, socket or child process that a top-level suite has left behind. */
export const mochaHooks = {
  async beforeAll(this: Mocha.Context): Promise<void> {
    // Reading the streams opens the pipes that they may be, which would otherwise count against the first to write.
    void [process.stdin, process.stdout, process.stderr];
    for (const suite of this.test?.parent?.suites ?? []) {
      suite.afterAll('leaves nothing behind', async () => throwAny(await leftBehind(nameOf(suite))));
    }
    await turns(SETTLING_TURNS);
    baseline = census();
  },

  // Tests outside of any suite have no last hook of their own; without this the first suite would answer for them. They
  // fail at the end of the run: an error in a hook of the root would end the run here.
  async afterEach(this: Mocha.Context): Promise<void> {
    if (this.currentTest?.parent?.root) outside.push(...(await leftBehind(`"${this.currentTest.title}"`)));
  },

  afterAll(): void {
    throwAny(outside);
  },
};

function throwAny(faults: readonly string[]): void {
  if (faults.length > 0) throw new Error(faults.join('\n'));
}

/** What is there that was not there at the last look, in words. */
async function leftBehind(name: string): Promise<readonly string[]> {
  await turns(SETTLING_TURNS);
  const deadline = performance.now() + GRACE_MS;
  let left = excess();
  // Both, lest a process that was stopped for the whole time has had no turns.
  for (let turn = 0; turn < GRACE_TURNS || performance.now() < deadline; turn++) {
    if (left.size === 0 || left.has('timer')) break;
    await turns(1);
    left = excess();
  }
  // What is left now must not be held against the suites to come.
  baseline = census();
  const faults = [...left].map(([kind, count]) => `${count} x ${kind}`);
  faults.push(...warnings.splice(0).map((warning) => String(warning.stack)));
  return faults.length > 0 ? [`${name} left behind: ${faults.join(', ')}`] : [];
}

function excess(): Census {
  const now = [...census()].map(([kind, count]) => [kind, count - (baseline.get(kind) ?? 0)] as const);
  return new Map(now.filter(([, count]) => count > 0));
}

function census(): Census {
  const counts = new Map<string, number>();
  for (const type of process.getActiveResourcesInfo()) {
    const kind = KINDS.get(type);
    if (kind) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

function nameOf(suite: Suite): string {
  return suite.file ? `"${suite.title}" (${suite.file})` : `"${suite.title}"`;
}

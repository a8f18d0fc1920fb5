import { expect } from 'chai';
import fc from 'fast-check';
import Redlock from 'redlock';
import { IDENTIFY } from '../../lib/master/identity';
import { MARKER } from '../../lib/master/marker';
import { argumentsFor } from '../../lib/quorum/acquireCall';
import { READ_HIGHEST, REMIND, WRITE_NUMBER } from '../../lib/quorum/fenceScripts';
import { FOUND, INSPECT, QUARANTINE } from '../../lib/quorum/guardScripts';
import { Proposal } from '../../lib/quorum/Proposal';
import { rightsProbe } from '../../lib/quorum/rights';
import { HOLDS, wrapScripts, type ScriptOptions } from '../../lib/quorum/scripts';
import { channelOf } from '../../lib/quorum/waitScripts';
import { script, type Script } from '../../lib/master/Script';
import { MasterConnection } from '../support/MasterConnection';
import { RedisServer } from '../support/RedisServer';
import { encodeCommand, parseReply, ReplyError } from '../support/resp';
import { until } from '../support/until';
import { Unsimulated } from './lua/LuaTable';
import { general } from './lua/numbers';
import { SortedSet } from './server/Keyspace';
import { SimulatedServer, type Refusal } from './server/SimulatedServer';
import { World } from './world/World';

const SEED = 1;
const SEQUENCES = 200;
const MOST_OPERATIONS = 30;
const SINGLE_COMMANDS = 1000;

// Drawn from few, so that they meet often.
const KEYS = ['a', 'b'];
const LINES = KEYS.map((key) => `redlock:waiting:${key}`);
const TOKENS = ['t1', 't2', 't3'];
const RUNS = ['r1', 'r2'];
const NONCES = ['n1', 'n2'];
const WAITERS = ['w1', 'w2', 'w3', 'w4'];
const LISTENING = ['w1', 'w2'];

// Durations are far longer than a sequence takes, and differ by far more than the tolerance below: two that the machine's
// load has moved apart are still told from two that are not the same.
const TTLS_MS = [100_000, 300_000, 600_000];
/** Stands for one that is given to each attempt. */
const KEEP_MS = -1_000_000;
const WAITED_MS = [0, 1_000_000, 2_000_000];

/**
 * What depends on the time is equal up to this: the simulation takes its time from a TIME that the real server has run
 * just before. The two are apart where the server has been stopped in between, and never by as much as this.
 */
const TOLERANCE_S = 20;

/** The whole numbers that tell a time, by what they count. None of the others is as large. */
const UNITS = [
  { from: 1e15, perS: 1_000_000 },
  { from: 1e12, perS: 1000 },
  { from: 1e9, perS: 1 },
  // A time that is left, or a ttl, in ms.
  { from: 50_000, perS: 1000 },
];

/**
 * How the real server is made to refuse what the simulated one refuses, and how that is ended. MISCONF takes a snapshot
 * that fails, and is refused at the same places as NOREPLICAS.
 */
const REFUSALS: Readonly<Record<Exclude<Refusal, 'MISCONF'>, readonly [string, string]>> = {
  OOM: ['CONFIG SET maxmemory 1', 'CONFIG SET maxmemory 0'],
  NOREPLICAS: ['CONFIG SET min-replicas-to-write 1', 'CONFIG SET min-replicas-to-write 0'],
  // Nobody listens on this port: it stays a replica without a master, and keeps what it has.
  READONLY: ['REPLICAOF 127.0.0.1 1', 'REPLICAOF NO ONE'],
  NOPERM: ['ACL SETUSER default -@write', 'ACL SETUSER default +@all'],
};

type RealRefusal = keyof typeof REFUSALS;

/** Runs one command, and tells a status from a string. */
const ONE_COMMAND = script(`
local answer = redis.pcall(unpack(ARGV))
if type(answer) == 'table' and answer['ok'] then return { 'status', answer['ok'] } end
return answer
`);

/** Puts a value of each type there. */
const ONE_OF_EACH = script(`
redis.call('hset', 'hash', 'a', '1', 'b', '2')
redis.call('zadd', 'zset', 'nx', '1', 'a')
redis.call('zadd', 'zset', 'nx', '2', 'b')
return redis.call('set', 'text', 'a')
`);

type Word = string | number;

/** One step of a sequence. */
type Operation =
  | { readonly kind: 'script'; readonly name: string; readonly keys: readonly string[]; readonly args: readonly Word[] }
  | { readonly kind: 'command'; readonly words: readonly Word[] }
  /** The key expires. */
  | { readonly kind: 'lapse'; readonly key: string }
  | { readonly kind: 'refuse'; readonly refusal: RealRefusal | null };

interface Sequence {
  readonly options: ScriptOptions;
  readonly operations: readonly Operation[];
}

/** What a key holds, and its remaining ttl in ms, -1 without one. */
interface Content {
  readonly type: string;
  readonly value: unknown;
  readonly ttlMs: number;
}

type Contents = Readonly<Record<string, Content>>;

/** All scripts of the library, by a name for each. */
function scriptsOf(options: ScriptOptions): ReadonlyMap<string, Script> {
  const scripts = wrapScripts(options);
  const clients = [{}] as unknown as Iterable<never>;
  const acquirer = new Redlock(clients, {}, scripts.acquirerHooks);
  const redlock = new Redlock(clients, {}, scripts.hooks);
  const ofRun = (hash: string): Script => scripts.forRun('r1').get(hash) as Script;
  const guarding = { isOn: options.isGuarded, isProved: options.isGuarded };
  return new Map([
    ['acquire', ofRun(acquirer.scripts.extendScript.hash)],
    ['extend', ofRun(redlock.scripts.extendScript.hash)],
    ['release', ofRun(redlock.scripts.releaseScript.hash)],
    ['take back', scripts.takeBack],
    ['holds', HOLDS],
    ['inspect', INSPECT],
    ['found', FOUND],
    ['quarantine', QUARANTINE],
    ['write number', WRITE_NUMBER],
    ['read highest', READ_HIGHEST],
    ['remind', REMIND],
    ['identify', IDENTIFY],
    ['rights', rightsProbe('', guarding, options.isNotifying)().script],
  ]);
}

const startedS = Math.floor(Date.now() / 1000);
const from = <T>(values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const key = from(KEYS);
const line = from(LINES);
const keys = fc.oneof(
  { weight: 3, arbitrary: key.map((one) => [one]) },
  { weight: 1, arbitrary: fc.constantFrom(KEYS, [...KEYS].reverse()) },
);
const token = from(TOKENS);
const run = fc.constantFrom('r1', 'r1', 'r2');
const nonce = from(NONCES);
const ttlMs = from(TTLS_MS);
const formers = fc.array(token, { maxLength: 2 });
/** Small ones, and such as a clock proposes that is right, or wrong by less or more than a guard allows for. */
const number = fc.constantFrom(
  ...[1, 2, 700, 2 ** 52, 2 ** 53],
  ...[-3000, 0, 200, 3000].map((aheadS) => (startedS + aheadS) * 1_000_000),
);
const place = fc.record({ id: from(WAITERS), waitedMs: from(WAITED_MS), keepMs: fc.constant(KEEP_MS) });
/** What a field of the marker may hold, and what it may not. */
const fieldValue = fc.oneof(
  fc.constantFrom('', '0', '-5', '1e3', '0x10', ' 7 ', '1.5', 'x', ...RUNS, ...NONCES),
  number.map(String),
  ttlMs.map(String),
  fc.constantFrom(-600, 600).map((aheadS) => `${(startedS + aheadS) * 1000}`),
);
const field = fc.constantFrom(
  ...['run', 'until', 'guard', 'founding', 'highest', 'forgot', 'nonce', 'pending', 'name', 'started'],
);

const scriptCall = (name: string, keysOf: fc.Arbitrary<readonly string[]>, args: fc.Arbitrary<readonly Word[]>) =>
  fc.tuple(keysOf, args).map(([keys, args]): Operation => ({ kind: 'script', name, keys, args }));
const command = (...words: readonly (Word | fc.Arbitrary<Word>)[]) =>
  fc
    .tuple(...words.map((word) => (typeof word === 'object' ? word : fc.constant(word))))
    .map((words): Operation => ({ kind: 'command', words }));

const marker = fc.constant([MARKER]);
const acquireArgs = fc
  .tuple(token, ttlMs, fc.option(place), fc.option(number))
  .map(([token, ttlMs, place, number]) =>
    argumentsFor([token, ttlMs], { place, proposal: number === null ? null : new Proposal(number, 1) }),
  );

const scriptCalls: readonly { weight: number; arbitrary: fc.Arbitrary<Operation> }[] = [
  { weight: 10, arbitrary: scriptCall('acquire', keys, acquireArgs) },
  {
    weight: 4,
    arbitrary: scriptCall(
      'extend',
      keys,
      fc.tuple(token, ttlMs, formers).map((args) => args.flat()),
    ),
  },
  {
    weight: 4,
    arbitrary: scriptCall(
      'release',
      keys,
      fc.tuple(token, formers).map((args) => args.flat()),
    ),
  },
  { weight: 2, arbitrary: scriptCall('take back', keys, fc.tuple(token)) },
  {
    weight: 2,
    arbitrary: scriptCall(
      'holds',
      keys,
      fc.tuple(token, formers).map((args) => args.flat()),
    ),
  },
  { weight: 3, arbitrary: scriptCall('inspect', marker, fc.tuple(run, ttlMs, nonce, fc.constantFrom('0', '0', '1'))) },
  { weight: 2, arbitrary: scriptCall('found', marker, fc.tuple(run, ttlMs, nonce, fc.constantFrom('n1', 'n1,n2'))) },
  { weight: 1, arbitrary: scriptCall('quarantine', marker, fc.tuple(run, ttlMs, nonce)) },
  { weight: 2, arbitrary: scriptCall('write number', keys, fc.tuple(run, token, number)) },
  { weight: 1, arbitrary: scriptCall('read highest', fc.constant([]), fc.tuple(run)) },
  { weight: 1, arbitrary: scriptCall('remind', fc.constant([]), fc.tuple(run, nonce, number)) },
  {
    weight: 1,
    // Far apart: whether two are the same run is decided by two seconds.
    arbitrary: scriptCall('identify', marker, fc.tuple(nonce, fc.constantFrom(-1, 1000, 2000))),
  },
  { weight: 1, arbitrary: scriptCall('rights', fc.constant([]), fc.tuple(key, fc.constantFrom(MARKER, 'b'))) },
];

const anyKey = fc.oneof(key, line, fc.constant(MARKER));

/** What others may do to the keys. */
const commands: readonly { weight: number; arbitrary: fc.Arbitrary<Operation> }[] = [
  { weight: 1, arbitrary: command('set', anyKey, token) },
  { weight: 1, arbitrary: command('set', key, token, 'px', ttlMs) },
  { weight: 1, arbitrary: command('hset', anyKey, field, fieldValue) },
  { weight: 4, arbitrary: command('hset', MARKER, field, fieldValue) },
  // What is in force: otherwise few sequences come to where a master is admitted.
  { weight: 2, arbitrary: command('hset', MARKER, 'run', 'r1', 'until', fc.constantFrom('0', '1'), 'guard', ttlMs) },
  { weight: 1, arbitrary: command('zadd', anyKey, 'nx', fc.constantFrom(1, 2, 3), from(WAITERS)) },
  { weight: 2, arbitrary: command('del', anyKey) },
  { weight: 1, arbitrary: command('pexpire', anyKey, ttlMs) },
  { weight: 1, arbitrary: command('pttl', anyKey) },
  { weight: 2, arbitrary: anyKey.map((key): Operation => ({ kind: 'lapse', key })) },
];

const refusals: readonly { weight: number; arbitrary: fc.Arbitrary<Operation> }[] = [
  {
    weight: 1,
    arbitrary: from(Object.keys(REFUSALS) as RealRefusal[]).map((refusal): Operation => ({ kind: 'refuse', refusal })),
  },
  { weight: 1, arbitrary: fc.constant<Operation>({ kind: 'refuse', refusal: null }) },
];

const sequence: fc.Arbitrary<Sequence> = fc.record({
  options: fc.record({ isGuarded: fc.boolean(), isNotifying: fc.boolean() }),
  operations: fc.array(fc.oneof(...scriptCalls, ...commands, ...refusals), { maxLength: MOST_OPERATIONS, size: 'max' }),
});

/**
 * For how long a line is kept is another time with each attempt, and none of {@link TTLS_MS}: a script asks which of two
 * ends first, and where they were the same the answer would hang upon a ms.
 */
function withTimesOfTheirOwn(operations: readonly Operation[]): readonly Operation[] {
  return operations.map((operation, index) => {
    if (operation.kind !== 'script') return operation;
    const keepMs = 130_000 + ((index * 7) % MOST_OPERATIONS) * 20_000;
    return { ...operation, args: operation.args.map((arg) => (arg === KEEP_MS ? keepMs : arg)) };
  });
}

/**
 * A word that a command may or may not know what to do with. None is a number of more than 16 digits, which is written in
 * other ways from one release of Redis to the next.
 */
const word = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('a', 'b', 'c', 'zset', 'hash', 'text') },
  { weight: 3, arbitrary: fc.constantFrom('nx', 'XX', 'px', 'PX') },
  { weight: 3, arbitrary: fc.constantFrom('100000', '300000', '0', '-1', '1.5', '') },
  { weight: 1, arbitrary: fc.constantFrom('01', '+5', ' 5', '1e3', '-0', 'inf') },
  { weight: 1, arbitrary: fc.constantFrom<Word>(100_000, 0.1, -1.5) },
);
const commandName = fc.constantFrom(
  ...['exists', 'get', 'SET', 'set', 'set', 'del', 'type', 'pttl', 'pexpire', 'hgetall', 'hget', 'hmget', 'hset'],
  ...['zadd', 'zadd', 'zrank', 'zpopmin', 'publish'],
);
const held = fc.constantFrom('zset', 'hash', 'text', 'a', 'b');
/** The largest and the least that Redis counts to, and what is beyond them. */
const limit = fc.constantFrom('9223372036854775807', '9223372036854775808', '-9223372036854775808');
const named = fc.tuple(commandName, fc.array(word, { maxLength: 5 }));
const onOneOfEach = fc.tuple(commandName, held, fc.array(word, { maxLength: 4 }));
const setWords = fc.array(fc.constantFrom('nx', 'xx', 'px', '100000'));
const singleCommand: fc.Arbitrary<readonly Word[]> = fc.oneof(
  { weight: 5, arbitrary: named.map((words) => words.flat()) },
  { weight: 5, arbitrary: onOneOfEach.map((words) => words.flat()) },
  { weight: 3, arbitrary: fc.tuple(held, setWords).map(([key, words]) => ['set', key, 'x', ...words]) },
  { weight: 1, arbitrary: limit.map((ms) => ['pexpire', 'text', ms]) },
  { weight: 1, arbitrary: limit.map((ms) => ['set', 'text', 'x', 'px', ms]) },
);

describe('the simulation of a server', () => {
  let server: RedisServer;
  let real: RealSide;
  let listener: MasterConnection;

  before(async () => {
    server = await RedisServer.start();
    const { host, port } = server;
    real = new RealSide(await MasterConnection.open({ host, port }));
    listener = await MasterConnection.open({ host, port });
    await listener.call('SUBSCRIBE', ...LISTENING.map(channelOf).slice(0, 1));
    await listener.call('SUBSCRIBE', ...LISTENING.map(channelOf).slice(1));
  });

  after(async () => {
    real.close();
    listener.close();
    await server.stop();
  });

  it('answers what Redis answers, whatever is run on it', async () => {
    const play = async ({ options, operations }: Sequence): Promise<void> => {
      const pair = new Pair(real, new SimulatedSide(), scriptsOf(options));
      try {
        await real.clear();
        for (const operation of withTimesOfTheirOwn(operations)) await pair.play(operation);
        await pair.compareContents();
      } finally {
        await real.mend();
      }
    };
    await fc.assert(fc.asyncProperty(sequence, play), { seed: SEED, numRuns: SEQUENCES });
  });

  it('tells the time as Redis does', async () => {
    const simulated = new SimulatedSide();
    const words = ['EVAL', "return redis.call('time')", 0];
    const { nowMs, answer } = await real.ask(words);
    const [time, simulatedTime] = [answer, simulated.ask(words, nowMs)] as [[string, string], [string, string]];
    expect(simulatedTime).to.satisfy((parts: string[]) => parts.every((part) => /^(0|[1-9]\d*)$/.test(part)));
    expect(microsOf(simulatedTime)).to.be.closeTo(microsOf(time), TOLERANCE_S * 1_000_000);
    expect(microsOf(simulatedTime)).to.be.closeTo(nowMs * 1000, 2);
  });

  it('runs each command as Redis does, with whatever arguments', async () => {
    let compared = 0;
    const play = async (words: readonly Word[]): Promise<void> => {
      await real.clear();
      const pair = new Pair(real, new SimulatedSide(), new Map([['prepare', ONE_OF_EACH]]));
      await pair.play({ kind: 'script', name: 'prepare', keys: [], args: [] });
      try {
        await pair.play({ kind: 'command', words });
      } catch (error) {
        if (error instanceof Unsimulated) return;
        throw error;
      }
      compared += 1;
      await pair.compareContents();
    };
    await fc.assert(fc.asyncProperty(singleCommand, play), { seed: SEED, numRuns: SINGLE_COMMANDS });
    // What is not simulated is refused: no script needs it. It must not be much of what is drawn.
    expect(compared).to.be.above(0.8 * SINGLE_COMMANDS);
  });
});

/** The real server. */
class RealSide {
  #refusal: RealRefusal | null = null;

  constructor(private readonly connection: MasterConnection) {}

  /** Runs a command, and tells the time on the server just before, in ms. An error is an answer. */
  async ask(words: readonly Word[]): Promise<{ readonly nowMs: number; readonly answer: unknown }> {
    // Both are on their way before either is answered, so that nothing but the server lies between them.
    const [time, answer] = await Promise.all([
      this.connection.call('TIME'),
      this.connection.call(...words).catch((error: unknown) => error),
    ]);
    // In the middle of its microsecond: what is lost in ms must not put it into the ms before.
    return { nowMs: (microsOf(time as [string, string]) + 0.5) / 1000, answer };
  }

  async refuse(refusal: RealRefusal | null): Promise<void> {
    await this.mend();
    this.#refusal = refusal;
    if (refusal !== null) await this.connection.call(...REFUSALS[refusal][0].split(' '));
  }

  async mend(): Promise<void> {
    if (this.#refusal !== null) await this.connection.call(...REFUSALS[this.#refusal][1].split(' '));
    this.#refusal = null;
  }

  async clear(): Promise<void> {
    await Promise.all([this.connection.call('FLUSHALL'), this.connection.call('SCRIPT', 'FLUSH')]);
  }

  async hasLapsed(key: string): Promise<boolean> {
    return (await this.connection.call('EXISTS', key)) === 0;
  }

  async contents(): Promise<Contents> {
    const keys = (await this.connection.call('KEYS', '*')) as string[];
    const contents = await Promise.all(
      keys.map(async (key) => {
        const [type, ttlMs] = await Promise.all([this.connection.call('TYPE', key), this.connection.call('PTTL', key)]);
        const value = await this.connection.call(...readerOf(type as string, key));
        return [key, { type: type as string, value, ttlMs: ttlMs as number }] as [string, Content];
      }),
    );
    return Object.fromEntries<Content>(contents);
  }

  close(): void {
    this.connection.close();
  }
}

/** What TIME answers, in microseconds. */
function microsOf([seconds, micros]: readonly [string, string]): number {
  return Number(seconds) * 1_000_000 + Number(micros);
}

function readerOf(type: string, key: string): readonly string[] {
  if (type === 'hash') return ['HGETALL', key];
  return type === 'zset' ? ['ZRANGE', key, '0', '-1', 'WITHSCORES'] : ['GET', key];
}

/** The simulated one, which is asked by the same bytes. */
class SimulatedSide {
  readonly #world = new World(SEED);
  readonly #server = new SimulatedServer(this.#world, 'm', 1);
  #heard = '';
  readonly #peer = this.#server.accept(
    (text) => (this.#heard += text),
    () => {},
  );

  constructor() {
    const listener = this.#server.accept(
      () => {},
      () => {},
    );
    for (const id of LISTENING) listener.channels.add(channelOf(id));
  }

  ask(words: readonly Word[], nowMs: number): unknown {
    this.#world.nowMs += nowMs - this.#server.clockMs();
    this.#heard = '';
    this.#server.receive(this.#peer, encodeCommand(words).toString());
    // As the real one says it in RESP2.
    return parseReply(Buffer.from(this.#heard.replaceAll('_\r\n', '$-1\r\n')))?.value;
  }

  refuse(refusal: RealRefusal | null): void {
    this.#server.mend();
    if (refusal !== null) this.#server.refuse(refusal);
  }

  contents(): Contents {
    const { keyspace } = this.#server;
    const contents = keyspace.keys().map((key): [string, Content] => {
      const { value = '', expiresMs = 0 } = keyspace.get(key) ?? {};
      const ttlMs = expiresMs === Infinity ? -1 : expiresMs - this.#server.clockMs();
      if (typeof value === 'string') return [key, { type: 'string', value, ttlMs }];
      if (value instanceof Map) return [key, { type: 'hash', value: [...value].flat(), ttlMs }];
      const ranked = value.ranked().flatMap((member) => [member, general(value.scores.get(member) ?? NaN, 17)]);
      return [key, { type: value instanceof SortedSet ? 'zset' : '', value: ranked, ttlMs }];
    });
    return Object.fromEntries<Content>(contents);
  }
}

/** Does the same on both, and compares what they say. */
class Pair {
  constructor(
    private readonly real: RealSide,
    private readonly simulated: SimulatedSide,
    private readonly scripts: ReadonlyMap<string, Script>,
  ) {}

  async play(operation: Operation): Promise<void> {
    switch (operation.kind) {
      case 'script': {
        const { name, keys, args } = operation;
        await this.#run(this.scripts.get(name) as Script, keys, args);
        return;
      }
      case 'command':
        await this.#run(ONE_COMMAND, [], operation.words);
        return;
      case 'lapse': {
        const { key } = operation;
        const isThere = await this.#run(ONE_COMMAND, [], ['pexpire', key, 1]);
        if (isThere !== 1) return;
        await until(() => this.real.hasLapsed(key), `${key} has expired`);
        // Well behind its end: the clock of a virtual machine may go back by a ms or two.
        const { nowMs } = await this.real.ask(['PING']);
        const left = this.simulated.ask(['EVAL', "return redis.call('exists', KEYS[1])", 1, key], nowMs + 100);
        expect(left, `${key} has expired`).to.equal(0);
        return;
      }
      case 'refuse':
        await this.real.refuse(operation.refusal);
        this.simulated.refuse(operation.refusal);
    }
  }

  async compareContents(): Promise<void> {
    // For the time.
    await this.#ask(['EVAL', "return 'now'", 0]);
    const [real, simulated] = [await this.real.contents(), this.simulated.contents()];
    expect(isSame(real, simulated), `${shown(simulated)}\nand not\n${shown(real)}`).to.equal(true);
  }

  /** As redlock does it: by its SHA-1, and by its source where the server does not know it. */
  async #run({ sha, source }: Script, keys: readonly string[], args: readonly Word[]): Promise<unknown> {
    const answer = await this.#ask(['EVALSHA', sha, keys.length, ...keys, ...args]);
    if (!(answer instanceof ReplyError) || !answer.message.startsWith('NOSCRIPT')) return answer;
    return this.#ask(['EVAL', source, keys.length, ...keys, ...args]);
  }

  async #ask(words: readonly Word[]): Promise<unknown> {
    const { nowMs, answer } = await this.real.ask(words);
    const simulated = this.simulated.ask(words, nowMs);
    const message = `${shown(simulated)}, and not ${shown(answer)}, to ${shown(words)}`;
    expect(isSame(answer, simulated), message).to.equal(true);
    return answer;
  }
}

function isSame(real: unknown, simulated: unknown): boolean {
  if (real instanceof Error && simulated instanceof Error) return isSameError(real.message, simulated.message);
  if (Array.isArray(real) && Array.isArray(simulated)) {
    return real.length === simulated.length && real.every((one, index) => isSame(one, simulated[index]));
  }
  if (typeof real === 'string' && typeof simulated === 'string') {
    if (real === simulated || (/^[A-Z]+ /.test(real) && isSameError(real, simulated))) return true;
    return /^\d{10,}$/.test(real) && /^\d{10,}$/.test(simulated) && isSameTime(Number(real), Number(simulated));
  }
  if (typeof real === 'number' && typeof simulated === 'number') {
    return real === simulated || isSameTime(real, simulated);
  }
  if (typeof real === 'object' && typeof simulated === 'object' && real !== null && simulated !== null) {
    return isSame(Object.entries(real).sort(byName), Object.entries(simulated).sort(byName));
  }
  return real === simulated;
}

function byName([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number {
  return left < right ? -1 : 1;
}

/** The rest of the text differs from one release of Redis to the next, and no script depends on it. */
function isSameError(real: string, simulated: string): boolean {
  const [[word], [simulatedWord]] = [real, simulated].map((text) => /^\w*/.exec(text) ?? ['']) as [[string], [string]];
  return word === simulatedWord;
}

function isSameTime(real: number, simulated: number): boolean {
  const unit = UNITS.find(({ from }) => Math.min(real, simulated) >= from);
  return unit !== undefined && Math.abs(real - simulated) <= TOLERANCE_S * unit.perS;
}

function shown(value: unknown): string {
  if (value instanceof Error) return value.message;
  return JSON.stringify(value);
}

import { expect } from 'chai';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { append, judge, type Fault } from '../../../examples/ledger/ledger';
import { readCommand } from '../../../examples/ledger/options';
import { isGood, report, type Outcome } from '../../../examples/ledger/report';
import { until } from '../../support/until';
import { TYPESCRIPT } from '../../support/typescript';

const DEMO = join(__dirname, '../../../examples/ledger/demo.ts');
const DEMO_MS = 40_000;

describe('the ledger demo', function () {
  this.timeout(DEMO_MS);
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'ledger-spec-'));
    // With the cache of tsx that this run uses: the demo and its workers would compile the same once more.
    const cache = `tsx-${process.geteuid?.() ?? userInfo().username}`;
    mkdirSync(join(tmpdir(), cache), { recursive: true });
    symlinkSync(join(tmpdir(), cache), join(folder, cache));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  let last: DemoRun | null = null;
  afterEach(async () => {
    // Where a test has failed it may still run.
    last?.child.kill();
    await last?.end();
  });

  const demo = (...args: readonly string[]) => (last = new DemoRun(folder, args));
  /** What the demo left of its files; tsx keeps its cache there. */
  const leftovers = () => readdirSync(folder).filter((name) => !name.startsWith('tsx-'));

  it('loses nothing under the lock while two masters are killed and one comes back', async () => {
    const run = demo('--lines', '15');
    expect(await run.end()).to.eql({ code: 0, signal: null });

    expect(run.output).to.match(/masters 1 and 2 killed after line 3\d: 3 of 5 are left/);
    expect(run.output).to.match(/master 1 is back after line \d+, its memory empty; master 2 stays dead/);
    expect(run.output).to.match(/ s {2}\[#{10}\.{10}\] 30 of 60 lines\n/);
    const rows = run.reportRows();
    expect(rows.get('Lines written')).to.equal('60 of 60');
    expect(rows.get('Order')).to.match(/^intact: numbered 1 to 60,/);
    expect(rows.get('Lost updates')).to.equal('0');
    expect(rows.get('Waits for the lock')).to.match(
      /^median [\d.]+ ms, p99 [\d.]+ ms, longest [\d.]+ ms(; \d+ ended by its ttl, its release unconfirmed)?$/,
    );
    expect(rows.get('Master 1')).to.match(/killed at line 3\d, back at line \d+; now \w+ for \d of 4 workers/);
    expect(rows.get('Master 2')).to.match(/killed at line 3\d, stayed dead; now .*away for [1-4] of 4 workers/);
    for (const index of [3, 4, 5]) {
      const up = /:\d+ +up all the time; now .*ready for \d of 4 workers.*, round trip [\d.]+ ms$/;
      expect(rows.get(`Master ${index}`)).to.match(up);
    }
    expect(run.output).to.contain('All 60 lines are there, in order, although masters died on the way.');
    expect(leftovers()).to.eql([]);
  });

  it('shows the loss without the lock, and says how much it is', async () => {
    const run = demo('--no-lock', '--lines', '100');
    expect(await run.end()).to.eql({ code: 1, signal: null });

    const rows = run.reportRows();
    const lost = Number(rows.get('Lost updates'));
    expect(lost).to.be.greaterThan(0);
    expect(rows.get('Lines written')).to.equal(`${400 - lost} of 400`);
    expect(run.output).to.contain(`${lost} of 400 lines were lost`);
    expect(leftovers()).to.eql([]);
  });

  it('fails, and says why, when a worker dies', async () => {
    const run = demo('--workers', '1', '--lines', '1000');
    const [, pid] = await run.says(/ready: (\d+)\n/);
    process.kill(Number(pid), 'SIGKILL');
    expect(await run.end()).to.eql({ code: 1, signal: null });

    const rows = run.reportRows();
    expect(rows.get('Went wrong')).to.equal('worker-1: ended by SIGKILL');
    expect(run.output).to.contain(`FAILED: something went wrong, and ${rows.get('Lost updates')} of 1000 lines are`);
    expect(leftovers()).to.eql([]);
  });

  it('leaves neither workers nor masters nor files behind when it is interrupted', async () => {
    const run = demo('--lines', '100');
    const [, addresses = ''] = await run.says(/masters up: (.*)\n/);
    // Its workers are in the middle of their writing to its folder.
    await run.says(/ of 400 lines\n/);
    run.child.kill('SIGINT');
    // Its pipes are its workers' as well: they close when the last of them has ended.
    expect(await run.end()).to.eql({ code: null, signal: 'SIGINT' });

    // Its masters are killed as it ends: it does not wait for them.
    const codes = (): Promise<readonly unknown[]> => Promise.all(addresses.split(' ').map(codeOfConnecting));
    await until(async () => (await codes()).every((code) => code === 'ECONNREFUSED'), 'its masters have ended');
    expect(await codes()).to.have.length(5);
    expect(leftovers()).to.eql([]);
  });

  it('answers arguments that it cannot read by one line and exit code 2', async () => {
    const run = demo('--lines', 'many');
    expect(await run.end()).to.eql({ code: 2, signal: null });
    expect(run.errors).to.equal('--lines takes a whole number from 1 to 1000, not "many"; --help shows the options\n');
    expect(run.output).to.equal('');
  });

  it('explains itself', async () => {
    const run = demo('--help');
    expect(await run.end()).to.eql({ code: 0, signal: null });
    for (const option of ['--lines', '--workers', '--no-lock', '--help']) expect(run.output).to.contain(`  ${option} `);
  });
});

describe("the ledger demo's options", () => {
  it('default to four workers that write 250 lines each under the lock', () => {
    expect(readCommand([])).to.eql({ kind: 'run', options: { withLock: true, lines: 250, workers: 4 } });
  });

  it('are read', () => {
    const options = { withLock: false, lines: 1000, workers: 8 };
    expect(readCommand(['--no-lock', '--lines=1000', '--workers', '8'])).to.eql({ kind: 'run', options });
  });

  for (const [args, reason] of [
    [['--lines', '0'], '--lines takes a whole number from 1 to 1000, not "0"'],
    [['--lines', '1001'], '--lines takes a whole number from 1 to 1000, not "1001"'],
    [['--workers', '1.5'], '--workers takes a whole number from 1 to 8, not "1.5"'],
    [['--workers', '9'], '--workers takes a whole number from 1 to 8, not "9"'],
    [['--lock'], "Unknown option '--lock'"],
    [['250'], "Unexpected argument '250'"],
  ] as const) {
    it(`refuse ${args.join(' ')}`, () => {
      expect(readCommand(args)).to.eql({ kind: 'refused', reason });
    });
  }
});

describe("the ledger's judge", () => {
  const assignment = { workers: ['ann', 'bob'], lines: 3 };
  const whole = ['1 ann 1', '2 bob 1', '3 bob 2', '4 ann 2', '5 ann 3', '6 bob 3'];
  const faults = (lines: readonly string[], end = '\n') => judge(lines.join('\n') + end, assignment).faults;
  const planted = (place: number, ...lines: readonly string[]) => faults(whole.toSpliced(place - 1, 1, ...lines));

  it('finds nothing in a ledger that is whole', () => {
    expect(judge(`${whole.join('\n')}\n`, assignment)).to.eql({ lines: 6, faults: [] });
  });

  it('finds a line that is lost, and the gap in the numbers', () => {
    expect(planted(3)).to.eql([
      { kind: 'misnumbered', at: 3 },
      { kind: 'lost', worker: 'bob', line: 2 },
    ] satisfies Fault[]);
  });

  it('finds a line that was overwritten, though the numbers have no gap', () => {
    expect(faults(['1 ann 1', '2 bob 1', '3 ann 2', '4 ann 3', '5 bob 3'])).to.eql([
      { kind: 'lost', worker: 'bob', line: 2 },
    ] satisfies Fault[]);
  });

  it('finds all of an empty ledger lost', () => {
    const verdict = judge('', assignment);
    expect(verdict.lines).to.equal(0);
    expect(verdict.faults.map(({ kind }) => kind)).to.eql(Array(6).fill('lost'));
  });

  it('finds two lines swapped', () => {
    const swapped = ['1 ann 1', '3 bob 2', '2 bob 1', ...whole.slice(3)];
    expect(faults(swapped)).to.eql([
      { kind: 'misnumbered', at: 2 },
      { kind: 'misnumbered', at: 3 },
      { kind: 'overtaken', at: 3 },
      { kind: 'misnumbered', at: 4 },
    ] satisfies Fault[]);
  });

  it("finds a worker's lines swapped under numbers that are in order", () => {
    const swapped = ['1 ann 1', '2 bob 2', '3 bob 1', ...whole.slice(3)];
    expect(faults(swapped)).to.eql([{ kind: 'overtaken', at: 3 }] satisfies Fault[]);
  });

  it('finds a line twice, with the same number or with the next', () => {
    expect(planted(6, '6 bob 3', '6 bob 3')).to.eql([
      { kind: 'misnumbered', at: 7 },
      { kind: 'duplicate', at: 7, worker: 'bob', line: 3 },
    ] satisfies Fault[]);
    expect(planted(6, '6 bob 3', '7 bob 3')).to.eql([
      { kind: 'duplicate', at: 7, worker: 'bob', line: 3 },
    ] satisfies Fault[]);
  });

  it('finds lines that nobody was to write', () => {
    for (const text of ['7 eve 1', '7 ann 4', '7 ann 0', 'gibberish', '']) {
      expect(planted(6, '6 bob 3', text)).to.eql([{ kind: 'foreign', at: 7, text }] satisfies Fault[]);
    }
  });

  it('reads a last line whose end is missing', () => {
    expect(faults(whole, '')).to.eql([]);
    expect(faults(whole.with(5, '6 bob'), '')).to.eql([
      { kind: 'foreign', at: 6, text: '6 bob' },
      { kind: 'lost', worker: 'bob', line: 3 },
    ] satisfies Fault[]);
  });

  it('is content with what one writer at a time appends', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ledger-spec-'));
    const ledger = join(folder, 'ledger.txt');
    writeFileSync(ledger, '');
    for (const [worker, line] of [
      ['ann', 1],
      ['bob', 1],
      ['bob', 2],
      ['ann', 2],
      ['ann', 3],
      ['bob', 3],
    ] as const) {
      await append(ledger, worker, line);
    }
    const text = readFileSync(ledger, 'utf8');
    const files = readdirSync(folder);
    rmSync(folder, { recursive: true });

    expect(text.trimEnd().split('\n')).to.eql(whole);
    expect(files).to.eql(['ledger.txt']);
  });
});

describe("the ledger demo's report", () => {
  const good: Outcome = {
    withLock: true,
    assignment: { workers: ['ann', 'bob'], lines: 50 },
    verdict: { lines: 100, faults: [] },
    waitsMs: Array.from({ length: 101 }, (_, index) => 101 - index),
    unconfirmedReleases: 0,
    masters: [],
    failures: [],
    tookMs: 1234,
  };
  const with_ = (changes: Partial<Outcome>): Outcome => ({ ...good, ...changes });

  it('counts, and takes the waits by their rank', () => {
    const text = report(good);
    expect(isGood(good)).to.equal(true);
    expect(text).to.contain('100 of 100');
    expect(text).to.contain('median 51.0 ms, p99 100.0 ms, longest 101.0 ms\n');
    expect(text).to.contain('1.2 s for the lines');
  });

  it('is bad for a single line that is lost', () => {
    const faults: Fault[] = [{ kind: 'lost', worker: 'ann', line: 7 }];
    const bad = with_({ verdict: { lines: 99, faults } });
    expect(isGood(bad)).to.equal(false);
    expect(report(bad)).to.contain('FAILED: 1 of 100 lines are missing.');
  });

  it('is bad for lines that are all there and not in order', () => {
    const faults: Fault[] = [
      { kind: 'misnumbered', at: 2 },
      { kind: 'misnumbered', at: 3 },
      { kind: 'overtaken', at: 3 },
    ];
    const bad = with_({ verdict: { lines: 100, faults } });
    expect(isGood(bad)).to.equal(false);
    expect(report(bad)).to.contain('broken: 2 misnumbered, 1 overtaken\n');
    expect(report(bad)).to.contain('FAILED: every line is there, but the ledger is not in order.');
  });

  it('is bad for a failure, whatever the ledger says', () => {
    const bad = with_({ failures: ['bob: ended by SIGKILL'] });
    expect(isGood(bad)).to.equal(false);
    expect(report(bad)).to.contain('FAILED: something went wrong, and 0 of 100 lines are missing.');
  });

  it('tells of releases that were not confirmed', () => {
    expect(report(with_({ unconfirmedReleases: 2 }))).to.contain('; 2 ended by its ttl, its release unconfirmed\n');
  });
});

/** One run of the demo as its user starts it, with its temporary files in a folder of the spec. */
class DemoRun {
  readonly child: ChildProcess;
  output = '';
  errors = '';
  readonly #closed: Promise<unknown>;

  constructor(folder: string, args: readonly string[]) {
    this.child = spawn(process.execPath, [...TYPESCRIPT, DEMO, ...args], {
      env: { ...process.env, TMPDIR: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.errors += text));
    this.#closed = once(this.child, 'close');
  }

  /** Waits until the demo has said something like this. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    await until(() => pattern.test(this.output), `the demo says ${pattern}`, DEMO_MS / 2);
    return pattern.exec(this.output) as RegExpExecArray;
  }

  async end() {
    await this.#closed;
    return { code: this.child.exitCode, signal: this.child.signalCode };
  }

  /** The report's table, by the name of the row. */
  reportRows(): ReadonlyMap<string, string> {
    const [, table = ''] = this.output.split('What the ledger says\n');
    return new Map(
      [...table.matchAll(/^ {2}(\S.{17}) (.+)$/gm)].map(([, name = '', value = '']) => [name.trim(), value.trim()]),
    );
  }
}

async function codeOfConnecting(address: string): Promise<string | undefined> {
  const [host = '', port] = address.split(':');
  const socket = connect(Number(port), host);
  try {
    await once(socket, 'connect');
    return 'connected';
  } catch (error) {
    return (error as { readonly code?: string }).code;
  } finally {
    socket.destroy();
  }
}

import { expect } from 'chai';
import { isClean, judge, type Evidence, type WorkerRecord } from '../../../chaos/judge';
import type { LogEvent, Operation } from '../../../chaos/WorkerLog';

const call = (id: number, operation: Operation, atMs: number, key = 'red', withinMs = 500): LogEvent => ({
  kind: 'call',
  id,
  operation,
  key,
  atMs,
  withinMs,
});
const settled = (id: number, atMs: number, outcome = 'ok'): LogEvent => ({ kind: 'settled', id, atMs, outcome });

/** A section under a lock: acquired at `fromMs`, entered, left and released at `toMs`. */
function section(fromMs: number, toMs: number, validUntilMs = fromMs + 1000, key = 'red'): readonly LogEvent[] {
  return [
    call(2 * fromMs, 'tryAcquireLock', fromMs - 10, key),
    settled(2 * fromMs, fromMs),
    { kind: 'acquired', key, atMs: fromMs, validUntilMs, token: null },
    { kind: 'entered', key, atMs: fromMs },
    { kind: 'left', key, atMs: toMs },
    call(2 * fromMs + 1, 'releaseLock', toMs, key),
    settled(2 * fromMs + 1, toMs + 5),
  ];
}

function worker(name: string, events: readonly LogEvent[], rest: Partial<WorkerRecord> = {}): WorkerRecord {
  return { name, events, pauses: [], end: { kind: 'stopped' }, ...rest };
}

function evidence(workers: readonly WorkerRecord[], rest: Partial<Evidence> = {}): Evidence {
  return { workers, leftovers: [], unserved: [], fromMs: 0, toMs: 5000, ...rest };
}

describe('The judge of a chaos run', () => {
  it('finds nothing in a run without fault', () => {
    const verdict = judge(evidence([worker('0.1', section(100, 200)), worker('1.1', section(200, 300))]));

    expect(isClean(verdict)).to.be.true;
    expect(verdict.sections).to.equal(2);
  });

  it('takes each kind of fault for one', () => {
    const clean = judge(evidence([]));
    const leftover = { master: 'm', key: 'k', remainingMs: 1 };
    const hold = { worker: '', key: '', fromMs: 0, toMs: 1, token: 1 };
    const fault = { kind: 'not-higher', hold, former: hold } as const;
    const unsettled = { worker: '', operation: 'close', key: '', atMs: 0, withinMs: 1, tookMs: null } as const;

    expect(isClean(clean)).to.be.true;
    expect(isClean({ ...clean, overlaps: [{ key: '', first: hold, second: hold, forMs: 1 }] })).to.be.false;
    expect(isClean({ ...clean, tokens: { ...clean.tokens, faults: [fault] } })).to.be.false;
    expect(isClean({ ...clean, unsettled: [unsettled] })).to.be.false;
    expect(isClean({ ...clean, ghosts: [leftover] })).to.be.false;
    expect(isClean({ ...clean, unserved: ['0.1'] })).to.be.false;
    expect(isClean({ ...clean, failures: ['x'] })).to.be.false;
  });
});

describe('The judge on overlaps', () => {
  const overlapsOf = (...workers: readonly WorkerRecord[]) => judge(evidence(workers)).overlaps;

  it('finds two workers that hold one key, and says for how long', () => {
    const [overlap, ...others] = overlapsOf(worker('0.1', section(100, 200)), worker('1.1', section(150, 300)));

    expect(others).to.deep.equal([]);
    expect(overlap).to.deep.include({ key: 'red', forMs: 50 });
    expect([overlap?.first.worker, overlap?.second.worker]).to.deep.equal(['0.1', '1.1']);
  });

  it('finds every pair, behind a short hold within a long one too', () => {
    const long = worker('0.1', section(100, 900));
    const short = worker('1.1', [...section(200, 250), ...section(300, 350)]);

    expect(overlapsOf(long, short).map(({ second }) => second.fromMs)).to.deep.equal([200, 300]);
  });

  it('leaves apart what differs in its key', () => {
    const [red, green] = [section(100, 200, 900, 'red'), section(150, 300, 900, 'green')];

    expect(overlapsOf(worker('0.1', red), worker('1.1', green))).to.deep.equal([]);
  });

  it('ends a hold with its validity, however late the release comes', () => {
    const late = worker('0.1', section(100, 900, 200));

    expect(overlapsOf(late, worker('1.1', section(200, 300)))).to.deep.equal([]);
    expect(overlapsOf(late, worker('1.1', section(199, 300)))).to.have.length(1);
  });

  it('counts no hold that was over when it was acquired', () => {
    expect(overlapsOf(worker('0.1', section(100, 200, 90)), worker('1.1', section(50, 300)))).to.deep.equal([]);
  });

  it('ends the hold of a killed worker with its validity', () => {
    const unreleased = section(100, 100, 400).slice(0, 4);
    const killed = worker('0.1', unreleased, { end: { kind: 'killed', atMs: 120 } });

    expect(overlapsOf(killed, worker('1.1', section(399, 500)))).to.have.length(1);
    expect(overlapsOf(killed, worker('1.1', section(400, 500)))).to.deep.equal([]);
  });
});

describe('The judge on fencing tokens', () => {
  const tokensOf = (...workers: readonly WorkerRecord[]) => judge(evidence(workers)).tokens;

  /** A section under a fenced lease, which writes at `wroteMs` and is given back after that. */
  function fenced(token: number, fromMs: number, wroteMs: number, validUntilMs = fromMs + 1000, key = 'red') {
    return [
      { kind: 'acquired', key, atMs: fromMs, validUntilMs, token },
      { kind: 'entered', key, atMs: fromMs },
      { kind: 'wrote', key, atMs: wroteMs, token },
      { kind: 'left', key, atMs: wroteMs + 1 },
      call(token, 'releaseLease', wroteMs + 1, key),
      settled(token, wroteMs + 5, 'released'),
    ] as const satisfies readonly LogEvent[];
  }

  it('finds nothing where they rise from one holder to the next', () => {
    const one = worker('0.1', [...fenced(5, 100, 200), ...fenced(9, 500, 600)]);
    const other = worker('1.1', [...section(201, 250), ...fenced(7, 300, 400)]);

    expect(tokensOf(one, other)).to.deep.equal({ faults: [], holds: 3, refusedLateWrites: 0 });
  });

  it('finds a later holder without a higher one, also when it writes nothing', () => {
    for (const token of [5, 4]) {
      const silent = worker('1.1', fenced(token, 300, 400).slice(0, 2));
      const [fault, ...others] = tokensOf(worker('0.1', fenced(5, 100, 200)), silent).faults;

      expect(others).to.deep.equal([]);
      expect(fault).to.have.property('kind', 'not-higher');
      expect(fault).to.have.nested.property('hold.token', token);
      expect(fault).to.have.nested.property('former.token', 5);
    }
  });

  it('compares with the highest of all before, not with the last', () => {
    const workers = [worker('0.1', fenced(9, 100, 200)), worker('1.1', fenced(5, 300, 400).slice(0, 2))];
    const later = worker('2.1', fenced(7, 1400, 1500).slice(0, 2));

    expect(tokensOf(...workers, later).faults.map((fault) => fault.kind)).to.deep.equal(['not-higher', 'not-higher']);
  });

  it('leaves apart what differs in its key, and holds that meet', () => {
    const first = worker('0.1', fenced(5, 100, 200));

    expect(tokensOf(first, worker('1.1', fenced(4, 300, 400, 1300, 'green'))).faults).to.deep.equal([]);
    expect(tokensOf(first, worker('1.1', fenced(4, 150, 151, 1150).slice(0, 2))).faults).to.deep.equal([]);
  });

  it('finds a write of a holder that the store refuses', () => {
    const holder = worker('0.1', fenced(5, 100, 200));
    const early: LogEvent = { kind: 'wrote', key: 'red', atMs: 150, token: 6 };

    expect(tokensOf(holder, worker('1.1', [early])).faults).to.deep.equal([
      { kind: 'refused', write: { worker: '0.1', key: 'red', token: 5, atMs: 200 }, acceptedToken: 6 },
    ]);
    expect(tokensOf(holder, worker('1.1', [{ ...early, key: 'green' }])).faults).to.deep.equal([]);
  });

  it('counts a write that was refused when its holder had lost the lock, and takes it for no fault', () => {
    const paused = worker('0.1', fenced(5, 100, 900, 200));
    const next = worker('1.1', fenced(6, 300, 400));

    expect(tokensOf(paused, next)).to.deep.equal({ faults: [], holds: 2, refusedLateWrites: 1 });
  });

  it('lets a late write pass where nobody has written since', () => {
    const paused = worker('0.1', fenced(5, 100, 350, 200));

    expect(tokensOf(paused, worker('1.1', fenced(6, 300, 400)))).to.deep.include({ faults: [], refusedLateWrites: 0 });
  });

  it('ends a hold with the release of its lease', () => {
    const first = worker('0.1', fenced(5, 100, 200));

    expect(judge(evidence([first, worker('1.1', fenced(6, 201, 300))])).overlaps).to.deep.equal([]);
  });
});

describe('The judge on calls', () => {
  const unsettledOf = (...workers: readonly WorkerRecord[]) => judge(evidence(workers)).unsettled;

  it('finds a call that settled late', () => {
    const events = [call(1, 'acquireLock', 100, 'red', 50), settled(1, 151)];

    expect(unsettledOf(worker('0.1', events))).to.deep.equal([
      { worker: '0.1', operation: 'acquireLock', key: 'red', atMs: 100, withinMs: 50, tookMs: 51 },
    ]);
    expect(unsettledOf(worker('0.1', [call(1, 'acquireLock', 100, 'red', 50), settled(1, 150)]))).to.deep.equal([]);
  });

  it('finds a call that never settled', () => {
    const [unsettled] = unsettledOf(worker('0.1', [call(1, 'releaseLock', 100)]));

    expect(unsettled).to.deep.include({ operation: 'releaseLock', tookMs: null });
  });

  it('gives a call all of its time anew after a pause of its worker', () => {
    const events = [call(1, 'tryAcquireLock', 100, 'red', 50), settled(1, 1040)];
    const pauses = [{ fromMs: 120, toMs: 1000 }];

    expect(unsettledOf(worker('0.1', events, { pauses }))).to.deep.equal([]);
    expect(unsettledOf(worker('0.1', [events[0] as LogEvent, settled(1, 1051)], { pauses }))).to.have.length(1);
  });

  it('gives no time for a pause before the call or after its deadline', () => {
    const events = [call(1, 'tryAcquireLock', 100, 'red', 50), settled(1, 1000)];
    const pauses = [
      { fromMs: 160, toMs: 990 },
      { fromMs: 10, toMs: 90 },
    ];

    expect(unsettledOf(worker('0.1', events, { pauses }))).to.have.length(1);
  });

  it('asks nothing of a killed worker from its death on, and everything before', () => {
    const events = [call(1, 'tryAcquireLock', 100, 'red', 50)];

    expect(unsettledOf(worker('0.1', events, { end: { kind: 'killed', atMs: 149 } }))).to.deep.equal([]);
    expect(unsettledOf(worker('0.1', events, { end: { kind: 'killed', atMs: 151 } }))).to.have.length(1);
  });

  it('counts outcomes, and reports those that no call may have', () => {
    const events = [
      call(1, 'tryAcquireLock', 1),
      settled(1, 2, 'refused'),
      call(2, 'tryAcquireLock', 3),
      settled(2, 4, 'NO_QUORUM'),
      call(3, 'releaseLock', 5),
      settled(3, 6, 'TypeError: x is not a function'),
    ];
    const { outcomes, failures } = judge(evidence([worker('0.1', events)]));

    expect(outcomes.get('tryAcquireLock refused')).to.equal(1);
    expect(failures).to.deep.equal(['1 x releaseLock TypeError: x is not a function']);
  });
});

describe('The judge on what is left', () => {
  const leftover = (key: string) => ({ master: '127.0.0.1:1', key, remainingMs: 1000 });

  it('finds a lock that nobody owns', () => {
    const leftovers = [leftover('chaos:probe:0.1:7'), leftover('chaos:red')];

    expect(judge(evidence([worker('0.1', [])], { leftovers })).ghosts).to.deep.equal(leftovers);
  });

  it('holds a probe of a killed worker against nobody', () => {
    const killed = worker('0.1', [], { end: { kind: 'killed', atMs: 1 } });
    const leftovers = [leftover('chaos:probe:0.1:7'), leftover('chaos:probe:0.10:7')];

    expect(judge(evidence([killed], { leftovers })).ghosts.map(({ key }) => key)).to.deep.equal(['chaos:probe:0.10:7']);
  });

  it('reports a worker that ended by itself', () => {
    const failed = worker('0.1', [], { end: { kind: 'failed', reason: 'ended by SIGSEGV' } });

    expect(judge(evidence([failed])).failures).to.deep.equal(['worker 0.1: ended by SIGSEGV']);
  });
});

describe('The judge on gaps', () => {
  const gapOf = (workers: readonly WorkerRecord[]) => judge(evidence(workers)).longestGapMs;

  it('finds the longest time in which nobody was in a section', () => {
    const one = worker('0.1', [...section(500, 2000), ...section(3900, 4500)]);
    const other = worker('1.1', section(1900, 2500, 3000, 'green'));

    expect(gapOf([one, other])).to.equal(1400);
  });

  it('sees it at the beginning and at the end too', () => {
    expect(gapOf([worker('0.1', section(3000, 4900))])).to.equal(3000);
    expect(gapOf([worker('0.1', section(100, 1000))])).to.equal(4000);
    expect(gapOf([])).to.equal(5000);
  });
});

import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Master } from '../spec/support/Master';
import { startMasters } from '../spec/support/masters';
import { minorityOf, type Action, type Scenario, type Step } from './Action';
import { nowMs } from './clock';
import { FaultyMaster, REMEMBERING } from './FaultyMaster';
import type { Evidence, Leftover } from './judge';
import { Link } from './Link';
import type { Timing } from './messages';
import { WorkerProcess } from './WorkerProcess';

/** A lock whose time is about to end is none that was left behind. */
const SETTLING_MS = 300;
/** Node sometimes never tells of the end of a socket that is reset while its own end is on the way. */
const CLOSING_MS = 2000;

/** The masters, the workers, and a link of its own between each of them: so one worker can be cut off alone. */
export class Bench {
  readonly #masters: readonly FaultyMaster[];
  readonly #ended: WorkerProcess[] = [];
  #workers: WorkerProcess[] = [];
  /** Losses of memory that were planned, and kept back since too many masters had no vote at the time. */
  #keptBack = 0;

  private constructor(
    private readonly scenario: Scenario,
    private readonly timing: Timing,
    private readonly folder: string,
    private readonly servers: readonly Master[],
    /** By worker, then by master. */
    private readonly links: readonly (readonly Link[])[],
  ) {
    this.#masters = servers.map(
      (server, index) => new FaultyMaster(index, server, (master) => this.#mayForget(master)),
    );
  }

  /**
   * Starts masters, links and workers, and waits until every worker has opened its lock.
   *
   * @param folder where logs are written
   */
  static async start(scenario: Scenario, timing: Timing, folder: string): Promise<Bench> {
    const servers = await startMasters(scenario.masters, { args: REMEMBERING });
    const links: Link[][] = [];
    const bench = new Bench(scenario, timing, folder, servers, links);
    try {
      for (let worker = 0; worker < scenario.workers; worker++) {
        const own: Link[] = [];
        links.push(own);
        for (const server of servers) own.push(await Link.start(server));
      }
      bench.#workers = links.map((_, worker) => bench.#spawn(worker, 1));
      await Promise.all(bench.#workers.map((worker) => worker.opened));
      return bench;
    } catch (error) {
      await bench.end();
      throw error;
    }
  }

  get keptBack(): number {
    return this.#keptBack;
  }

  /** Takes each step at its moment; one that takes long holds up only those on the same master. */
  async play(steps: readonly Step[], durationMs: number): Promise<void> {
    const fromMs = nowMs();
    const failed = new AbortController();
    const acts: Promise<void>[] = [];
    const waitUntil = (atMs: number): Promise<void> =>
      sleep(Math.max(0, fromMs + atMs - nowMs()), undefined, { signal: failed.signal }).catch(() => {});
    for (const { atMs, action } of steps) {
      await waitUntil(atMs);
      if (failed.signal.aborted) break;
      acts.push(this.#perform(atMs, action).catch((error: unknown) => failed.abort(error)));
    }
    await waitUntil(durationMs);
    await Promise.all(acts);
    failed.signal.throwIfAborted();
  }

  /** Takes every fault away. */
  async heal(): Promise<void> {
    for (const worker of this.#workers) worker.resume();
    await Promise.all([
      ...this.links.flat().map((link) => link.put({ kind: 'pass' })),
      ...this.#masters.map((master) => master.heal()),
    ]);
  }

  /** Waits until every master serves every worker. Resolves to the names of those where that did not come. */
  async awaitService(withinMs: number): Promise<readonly string[]> {
    for (const worker of this.#workers) worker.askForService();
    await within(withinMs, Promise.all(this.#workers.map((worker) => worker.served)));
    return this.#workers.filter((worker) => !worker.isServed).map((worker) => worker.name);
  }

  /** Has every worker close its lock and end. */
  async stopWorkers(withinMs: number): Promise<void> {
    const workers = this.#workers;
    await Promise.all(workers.map((worker) => worker.stop(withinMs)));
    this.#workers = [];
    this.#ended.push(...workers);
  }

  /** What the workers that have ended wrote. */
  records(): Evidence['workers'] {
    return this.#ended.map((worker) => worker.record());
  }

  /** The locks that stand on the masters, and do not end by themselves at once. */
  async leftovers(): Promise<readonly Leftover[]> {
    await sleep(SETTLING_MS);
    return (await Promise.all(this.#masters.map((master) => master.locks()))).flat();
  }

  /** Ends everything that was started, in whatever state it is. */
  async end(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.kill()));
    await Promise.all(this.servers.map((server) => server.stop()));
    await within(CLOSING_MS, Promise.all(this.links.flat().map((link) => link.close())));
  }

  async #perform(plannedMs: number, action: Action): Promise<void> {
    const atMs = nowMs();
    const isAsPlanned = await this.#act(action);
    // What was done, and when, on the clock of the workers' own logs: a fault is traced back with it.
    const line = JSON.stringify({ plannedMs, atMs, doneMs: nowMs(), ...action, isAsPlanned });
    appendFileSync(join(this.folder, 'actions.log'), `${line}\n`);
  }

  async #act(action: Action): Promise<boolean> {
    switch (action.on) {
      case 'master':
        return this.#masters[action.master]?.act(action.act) ?? false;
      case 'link':
        await this.links[action.worker]?.[action.master]?.put(action.fault);
        return true;
      case 'worker':
        if (action.act === 'replace') await this.#replace(action.worker);
        else this.#workers[action.worker]?.[action.act]();
        return true;
    }
  }

  async #replace(worker: number): Promise<void> {
    const former = this.#workers[worker];
    if (former === undefined) return;
    const generation = this.#ended.filter((ended) => ended.index === worker).length + 2;
    await former.kill();
    this.#ended.push(former);
    this.#workers[worker] = this.#spawn(worker, generation);
  }

  #spawn(worker: number, generation: number): WorkerProcess {
    const name = `${worker}.${generation}`;
    return new WorkerProcess(worker, {
      name,
      seed: this.scenario.seed,
      log: join(this.folder, `worker-${name}.log`),
      connections: (this.links[worker] ?? []).map(({ port }) => ({ host: '127.0.0.1', port })),
      timing: this.timing,
    });
  }

  /**
   * At most a minority may have no memory at once, which is what the guard asks for. The plan leaves time enough for
   * that; a machine that is too slow for the plan must not turn into a fault of the lock.
   */
  async #mayForget(master: FaultyMaster): Promise<boolean> {
    if (this.timing.restartGuardMs === 0) return true;
    const others = this.#masters.filter((other) => other !== master);
    const forgetful = (await Promise.all(others.map((other) => other.isForgetful()))).filter(Boolean);
    const isAllowed = forgetful.length < minorityOf(this.scenario.masters);
    if (!isAllowed) this.#keptBack += 1;
    return isAllowed;
  }
}

/** Waits for `work`, and no longer than this. */
async function within(limitMs: number, work: Promise<unknown>): Promise<void> {
  const done = new AbortController();
  const late = sleep(limitMs, undefined, { signal: done.signal }).catch(() => {});
  await Promise.race([work, late]).finally(() => done.abort());
}

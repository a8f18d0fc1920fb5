import type { Master } from '../spec/support/Master';
import { sendCommand } from '../spec/support/MasterConnection';
import type { Action } from './Action';
import { KEY_PREFIX } from './keys';
import type { Leftover } from './judge';

type MasterAct = Extract<Action, { on: 'master' }>['act'];

/** Where the restart guard keeps what a master knows of itself. */
const MARKER = 'redlock:guard';
const ASK_MS = 300;

/** What every master is started with: whatever it has answered survives its death, unless it is told to forget. */
export const REMEMBERING: readonly string[] = ['--appendonly', 'yes', '--appendfsync', 'no'];

/** A master that faults are played on, one after the other. */
export class FaultyMaster {
  /** Whether it has lost its memory and is not known to be back. */
  #isForgetful = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly index: number,
    private readonly master: Master,
    /** Whether it may lose its memory now; else it dies and returns with it. */
    private readonly mayForget: (master: FaultyMaster) => Promise<boolean>,
  ) {}

  /** Acts when what was asked before is done. Resolves to whether it was as planned. */
  act(act: MasterAct): Promise<boolean> {
    const done = this.#last.then(() => this.#act(act));
    this.#last = done.catch(() => {});
    return done;
  }

  /** Brings it back, whatever state it is in, with all that it knew. */
  async heal(): Promise<void> {
    await this.act('resume');
    await this.act('start');
  }

  /** Whether it lost its memory and may, for all that can be seen, still have no vote. */
  async isForgetful(): Promise<boolean> {
    if (this.#isForgetful && (await this.#isBack())) this.#isForgetful = false;
    return this.#isForgetful;
  }

  /** The locks that stand on it. */
  async locks(): Promise<readonly Leftover[]> {
    const keys = (await this.master.command('KEYS', `${KEY_PREFIX}*`)) as readonly string[];
    return Promise.all(
      keys.map(async (key) => {
        const remainingMs = Number(await this.master.command('PTTL', key));
        return { master: `master ${this.index}`, key, remainingMs };
      }),
    );
  }

  async #act(act: MasterAct): Promise<boolean> {
    switch (act) {
      case 'pause':
        await this.master.pause();
        return true;
      case 'resume':
        await this.master.resume();
        return true;
      case 'kill':
        await this.master.kill();
        return true;
      case 'start':
        await this.master.start();
        return true;
      case 'start-empty':
        return this.#forget(
          () => this.master.restartEmpty(),
          () => this.master.start(),
        );
      case 'flush':
        return this.#forget(
          () => this.master.command('FLUSHALL'),
          () => this.master.restart(),
        );
    }
  }

  async #forget(forget: () => Promise<unknown>, remember: () => Promise<unknown>): Promise<boolean> {
    const isAllowed = await this.mayForget(this);
    this.#isForgetful ||= isAllowed;
    await (isAllowed ? forget() : remember());
    return isAllowed;
  }

  /** It carries the marker of its present run, and the quarantine in it has ended. */
  async #isBack(): Promise<boolean> {
    try {
      const [run, until] = (await this.#ask('HMGET', MARKER, 'run', 'until')) as readonly (string | null)[];
      const info = String(await this.#ask('INFO', 'server'));
      const [seconds] = (await this.#ask('TIME')) as readonly string[];
      return !!run && info.includes(`run_id:${run}\r\n`) && Number(until) < Number(seconds) * 1000;
    } catch {
      return false;
    }
  }

  #ask(...args: readonly string[]): Promise<unknown> {
    return sendCommand({ host: this.master.host, port: this.master.port }, args, ASK_MS);
  }
}

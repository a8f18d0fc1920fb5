import type { Master } from '../../spec/support/Master';

/** What was done to one master. Lines are those of the whole ledger so far. */
export type Fate =
  | { readonly kind: 'up' }
  | { readonly kind: 'killed'; readonly atLine: number }
  | { readonly kind: 'back'; readonly killedAtLine: number; readonly atLine: number };

/** Half way through the work the first two masters are killed without warning; a little later the first one returns. */
export class Outage {
  /** By master, in their order. */
  readonly fates: Fate[];
  readonly #total: number;
  readonly #tell: (text: string) => void;
  #line = 0;
  #played: Promise<void> = Promise.resolve();

  /**
   * @param total how many lines there will be
   * @param tell is told what happens, when it happens
   */
  constructor(
    private readonly masters: readonly Master[],
    total: number,
    tell: (text: string) => void,
  ) {
    this.fates = masters.map(() => ({ kind: 'up' }));
    this.#total = total;
    this.#tell = tell;
  }

  /** One more line is written. */
  advance(): void {
    this.#line += 1;
    if (this.masters.length === 0) return;
    if (this.#line === Math.ceil(this.#total * 0.5)) this.#play(() => this.#kill());
    if (this.#line === Math.ceil(this.#total * 0.6)) this.#play(() => this.#bringBack());
  }

  /**
   * Waits for what is being done to a master.
   *
   * @throws Error when it could not be done
   */
  async settled(): Promise<void> {
    await this.#played;
  }

  #play(act: () => Promise<void>): void {
    this.#played = this.#played.then(act);
    // Whoever waits for it is told; until then nobody has to.
    this.#played.catch(() => {});
  }

  async #kill(): Promise<void> {
    const atLine = this.#line;
    // The first ones: a lock that leans on its first master is found out.
    await Promise.all(this.masters.slice(0, 2).map((master) => master.kill()));
    this.fates.fill({ kind: 'killed', atLine }, 0, 2);
    const left = this.masters.length - 2;
    this.#tell(`masters 1 and 2 killed after line ${atLine}: ${left} of ${this.masters.length} are left`);
  }

  async #bringBack(): Promise<void> {
    await this.masters[0]?.restartEmpty();
    const [former] = this.fates;
    if (former?.kind !== 'killed') return;
    this.fates[0] = { kind: 'back', killedAtLine: former.atLine, atLine: this.#line };
    this.#tell(`master 1 is back after line ${this.#line}, its memory empty; master 2 stays dead`);
  }
}

import { GUARD, KEYS, MICROS, TTL } from './settings';

export type Kind = 'accepted' | 'refused' | 'forgot' | 'taken' | 'none';

/** What a master says to an acquire. */
export interface Answer {
  readonly kind: Kind;
  /** Of a refusal the highest that it accepted; of a loss the nonce. */
  readonly detail: number;
  /** Of a grant how many grants of the key it has counted: all that the naive protocol goes by. */
  readonly count: number;
}

/** What a master has accepted; the nonce of a loss where it is not sure of it, else 0. */
export interface Memory {
  readonly highest: number;
  readonly forgot: number;
}

const TAKEN: Answer = { kind: 'taken', detail: 0, count: 0 };
const NONE: Answer = { kind: 'none', detail: 0, count: 0 };

interface Snapshot {
  readonly highest: number;
  readonly tokens: Int32Array;
  readonly expiries: Float64Array;
  readonly counts: Int32Array;
}

const EMPTY: Snapshot = {
  highest: 0,
  tokens: new Int32Array(KEYS),
  expiries: new Float64Array(KEYS),
  counts: new Int32Array(KEYS),
};

/** One master; each method is one script. Times are those of the simulation. */
export class SimulatedMaster {
  /** It answers nobody before. */
  awayUntil = 0;
  /** The nonce of its last loss, until it is made good. */
  forgot = 0;
  /** It is running, and has been admitted since it forgot. */
  isAdmitted = true;
  #highest = 0;
  #quarantineEnds = 0;
  readonly #tokens = new Int32Array(KEYS);
  readonly #expiries = new Float64Array(KEYS);
  readonly #counts = new Int32Array(KEYS);
  #snapshot = EMPTY;

  /** @param skew of its own clock, in microseconds */
  constructor(
    readonly index: number,
    private readonly skew: number,
  ) {}

  get isSure(): boolean {
    return this.isAdmitted && this.forgot === 0;
  }

  acquire(key: number, token: number, proposed: number, now: number): Answer {
    if (!this.isAdmitted || now < this.#quarantineEnds) return NONE;
    if (this.#tokens[key] !== 0 && now < (this.#expiries[key] as number)) return TAKEN;
    this.#tokens[key] = token;
    this.#expiries[key] = now + TTL;
    const count = (this.#counts[key] as number) + 1;
    this.#counts[key] = count;
    if (this.forgot !== 0) return { kind: 'forgot', detail: this.forgot, count };
    const most = Math.max(this.#highest, now * MICROS + this.skew) + GUARD * MICROS;
    if (proposed <= this.#highest || proposed > most) return { kind: 'refused', detail: this.#highest, count };
    this.#highest = proposed;
    return { kind: 'accepted', detail: 0, count };
  }

  write(key: number, token: number, number: number, now: number): boolean {
    if (!this.isSure || this.#tokens[key] !== token || now >= (this.#expiries[key] as number)) return false;
    this.#highest = Math.max(this.#highest, number);
    return true;
  }

  release(key: number, token: number): void {
    if (this.#tokens[key] === token) this.#tokens[key] = 0;
  }

  read(): Memory | null {
    return this.isAdmitted ? { highest: this.#highest, forgot: this.forgot } : null;
  }

  remind(nonce: number, floor: number): boolean {
    if (!this.isAdmitted || this.forgot !== nonce) return false;
    this.#highest = Math.max(this.#highest, floor);
    this.forgot = 0;
    return true;
  }

  /** Nothing, while it is not running. */
  save(): void {
    if (!this.isAdmitted) return;
    this.#snapshot = {
      highest: this.#highest,
      tokens: this.#tokens.slice(),
      expiries: this.#expiries.slice(),
      counts: this.#counts.slice(),
    };
  }

  /** Is left with its snapshot, or with nothing. It has no vote before it is admitted. */
  forget(isEmpty: boolean): void {
    if (isEmpty) this.#snapshot = EMPTY;
    const { highest, tokens, expiries, counts } = this.#snapshot;
    this.#highest = highest;
    this.#tokens.set(tokens);
    this.#expiries.set(expiries);
    this.#counts.set(counts);
    this.isAdmitted = false;
  }

  /** Into quarantine. */
  admit(nonce: number, now: number): void {
    this.forgot = nonce;
    this.#quarantineEnds = now + GUARD;
    this.isAdmitted = true;
  }
}

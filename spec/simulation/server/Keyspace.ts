/** A string, a hash, or a sorted set. */
export type Value = string | Map<string, string> | SortedSet;

/** Members by score, and by name where scores are equal. */
export class SortedSet {
  readonly scores = new Map<string, number>();

  ranked(): readonly string[] {
    return [...this.scores]
      .sort(([left, leftScore], [right, rightScore]) => leftScore - rightScore || (left < right ? -1 : 1))
      .map(([member]) => member);
  }
}

export interface Entry {
  readonly value: Value;
  /** By the server's clock, in ms: the last one in which it is there. Infinity without an expiry. */
  expiresMs: number;
}

/** What one server has in memory. */
export class Keyspace {
  #entries = new Map<string, Entry>();

  /** @param nowMs the server's clock */
  constructor(private readonly nowMs: () => number) {}

  get(key: string): Entry | null {
    const entry = this.#entries.get(key);
    if (entry === undefined) return null;
    if (entry.expiresMs >= Math.floor(this.nowMs())) return entry;
    this.#entries.delete(key);
    return null;
  }

  set(key: string, value: Value, expiresMs = Infinity): void {
    this.#entries.set(key, { value, expiresMs });
  }

  delete(key: string): boolean {
    const isThere = this.get(key) !== null;
    this.#entries.delete(key);
    return isThere;
  }

  /** The keys that have not expired. */
  keys(): readonly string[] {
    return [...this.#entries.keys()].filter((key) => this.get(key) !== null);
  }

  clear(): void {
    this.#entries.clear();
  }

  /** A copy that later changes leave alone. */
  snapshot(): ReadonlyMap<string, Entry> {
    return copy(this.#entries);
  }

  restore(snapshot: ReadonlyMap<string, Entry>): void {
    this.#entries = copy(snapshot);
  }
}

function copy(entries: ReadonlyMap<string, Entry>): Map<string, Entry> {
  return new Map([...entries].map(([key, { value, expiresMs }]) => [key, { value: copyOf(value), expiresMs }]));
}

function copyOf(value: Value): Value {
  if (typeof value === 'string') return value;
  if (value instanceof Map) return new Map(value);
  const set = new SortedSet();
  for (const [member, score] of value.scores) set.scores.set(member, score);
  return set;
}

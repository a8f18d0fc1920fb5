/** Any value of Lua's: `undefined` is nil; a function takes and returns a list of values. */
export type LuaValue = undefined | boolean | number | string | LuaTable | LuaFunction;
export type LuaFunction = (...args: LuaValue[]) => readonly LuaValue[];

/** A table: its list from 1 on, in which nil may stand, and whatever else it holds. */
export class LuaTable {
  readonly #list: LuaValue[];
  #fields: Map<LuaValue, LuaValue> | null = null;

  constructor(list: readonly LuaValue[] = [], fields: readonly (readonly [string, LuaValue])[] = []) {
    this.#list = [...list];
    this.#trim();
    for (const [key, value] of fields) this.set(key, value);
  }

  /** What stands before the first nil. */
  get list(): readonly LuaValue[] {
    const end = this.#list.indexOf(undefined);
    return end < 0 ? this.#list : this.#list.slice(0, end);
  }

  /** Where nil stands in it, Lua may count as far as to any nil. */
  get length(): number {
    if (this.#list.includes(undefined)) throw new Unsimulated('the length of a list in which nil stands');
    return this.#list.length;
  }

  get(key: LuaValue): LuaValue {
    if (this.#isInList(key)) return this.#list[key - 1];
    return this.#fields?.get(key);
  }

  set(key: LuaValue, value: LuaValue): void {
    if (key === undefined || Number.isNaN(key))
      throw new LuaError(`table index is ${key === undefined ? 'nil' : 'NaN'}`);
    const list = this.#list;
    if (this.#isInList(key)) {
      list[key - 1] = value;
      this.#trim();
      return;
    }
    if (value === undefined) {
      this.#fields?.delete(key);
      return;
    }
    if (!Object.is(key, list.length + 1)) {
      (this.#fields ??= new Map<LuaValue, LuaValue>()).set(key, value);
      return;
    }
    list.push(value);
    // What stood behind the end becomes part of the list.
    const behind = list.length + 1;
    const moved = this.#fields?.get(behind);
    if (moved === undefined) return;
    this.#fields?.delete(behind);
    this.set(behind, moved);
  }

  #trim(): void {
    while (this.#list.length > 0 && this.#list.at(-1) === undefined) this.#list.pop();
  }

  #isInList(key: LuaValue): key is number {
    return typeof key === 'number' && Number.isInteger(key) && key >= 1 && key <= this.#list.length;
  }
}

/** What a script throws. Redis throws a table with a field `err`. */
export class LuaError extends Error {
  readonly value: LuaValue;

  /** @param thrown a table, or Lua's own words: the real ones begin with the script and the line. */
  constructor(thrown: LuaTable | string) {
    const value = typeof thrown === 'string' ? `user_script: ${thrown}` : thrown;
    super(messageOf(value));
    this.value = value;
  }
}

/** What a script does that is not simulated: it is refused, lest the simulation does something else than a server. */
export class Unsimulated extends Error {
  constructor(what: string) {
    super(`this part of Lua is not simulated: ${what}`);
  }
}

function messageOf(value: LuaTable | string): string {
  if (typeof value === 'string') return value;
  const err = value.get('err');
  return typeof err === 'string' ? err : 'error';
}

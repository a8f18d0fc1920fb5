/** Any value of Lua's: `undefined` is nil; a function takes and returns a list of values. */
export type LuaValue = undefined | boolean | number | string | LuaTable | LuaFunction;
export type LuaFunction = (...args: LuaValue[]) => readonly LuaValue[];

/** A table: its list from 1 on, and whatever else it holds. */
export class LuaTable {
  readonly list: LuaValue[];
  #fields: Map<LuaValue, LuaValue> | null = null;

  constructor(list: LuaValue[] = [], fields: readonly (readonly [string, LuaValue])[] = []) {
    this.list = list;
    for (const [key, value] of fields) this.set(key, value);
  }

  get(key: LuaValue): LuaValue {
    if (typeof key === 'number' && key >= 1 && key <= this.list.length) return this.list[key - 1];
    return this.#fields?.get(key);
  }

  set(key: LuaValue, value: LuaValue): void {
    const { list } = this;
    if (typeof key === 'number' && key >= 1 && key <= list.length + 1) {
      if (value === undefined && key === list.length) list.pop();
      else list[key - 1] = value;
      return;
    }
    if (value === undefined) this.#fields?.delete(key);
    else (this.#fields ??= new Map()).set(key, value);
  }
}

/** What a script throws. Redis throws a table with a field `err`. */
export class LuaError extends Error {
  constructor(readonly value: LuaValue) {
    super(messageOf(value));
  }
}

function messageOf(value: LuaValue): string {
  if (value instanceof LuaTable) return String(value.get('err'));
  return typeof value === 'string' ? value : 'error';
}

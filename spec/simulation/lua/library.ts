import { LuaError, LuaTable, type LuaFunction, type LuaValue } from './LuaTable';

export function isTrue(value: LuaValue): boolean {
  return value !== undefined && value !== false;
}

/** A string stands for its number in arithmetic. */
export function toNumber(value: LuaValue): number {
  const number = numberIn(value);
  if (number === undefined) throw new LuaError(`attempt to perform arithmetic on ${typeOf(value)}`);
  return number;
}

function numberIn(value: LuaValue): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  const number = Number(value);
  return Number.isNaN(number) ? undefined : number;
}

export function toText(value: LuaValue): string {
  if (typeof value === 'string') return value;
  // As Lua's `%.14g` does it, for all numbers that a script here puts into a string.
  if (typeof value === 'number') return String(Number(value.toPrecision(14)));
  throw new LuaError(`attempt to concatenate ${typeOf(value)}`);
}

/** Two numbers or two strings; Lua compares nothing else. */
export function isLess(left: LuaValue, right: LuaValue): boolean {
  if (typeof left === 'number' && typeof right === 'number') return left < right;
  if (typeof left === 'string' && typeof right === 'string') return left < right;
  throw new LuaError(`attempt to compare ${typeOf(left)} with ${typeOf(right)}`);
}

export function lengthOf(value: LuaValue): number {
  if (value instanceof LuaTable) return value.list.length;
  if (typeof value === 'string') return value.length;
  throw new LuaError(`attempt to get length of ${typeOf(value)}`);
}

export function index(table: LuaValue, key: LuaValue): LuaValue {
  if (table instanceof LuaTable) return table.get(key);
  throw new LuaError(`attempt to index ${typeOf(table)}`);
}

export function call(callee: LuaValue, args: readonly LuaValue[]): readonly LuaValue[] {
  if (typeof callee === 'function') return callee(...args);
  throw new LuaError(`attempt to call ${typeOf(callee)}`);
}

function typeOf(value: LuaValue): string {
  if (value === undefined) return 'nil';
  return value instanceof LuaTable ? 'table' : typeof value;
}

function format(pattern: LuaValue, value: LuaValue): string {
  if (pattern !== '%.0f') throw new LuaError(`no such format here: ${String(pattern)}`);
  return toNumber(value).toFixed(0);
}

function protectedCall(callee: LuaValue, ...args: LuaValue[]): readonly LuaValue[] {
  try {
    return [true, ...call(callee, args)];
  } catch (error) {
    if (error instanceof LuaError) return [false, error.value];
    throw error;
  }
}

function library(functions: Readonly<Record<string, LuaFunction>>): LuaTable {
  return new LuaTable([], Object.entries(functions));
}

/** What the scripts use of Lua's own library, by its names there. */
export const LIBRARY: Readonly<Record<string, LuaValue>> = {
  math: library({
    max: (...args) => [Math.max(...args.map(toNumber))],
    floor: (value) => [Math.floor(toNumber(value))],
    abs: (value) => [Math.abs(toNumber(value))],
  }),
  string: library({
    format: (pattern, value) => [format(pattern, value)],
    find: (text, part) => {
      const at = String(text).indexOf(String(part));
      return at < 0 ? [undefined] : [at + 1];
    },
  }),
  table: library({
    insert: (table, value) => {
      (table as LuaTable).list.push(value);
      return [];
    },
  }),
  pcall: protectedCall,
  tonumber: (value) => [numberIn(value)],
  type: (value) => [typeOf(value)],
  unpack: (table) => (table as LuaTable).list,
};

import { LuaError, LuaTable, Unsimulated, type LuaFunction, type LuaValue } from './LuaTable';
import { general, parsed, whole } from './numbers';

export function isTrue(value: LuaValue): boolean {
  return value !== undefined && value !== false;
}

/** A string stands for its number in arithmetic. */
export function toNumber(value: LuaValue): number {
  const number = numberIn(value);
  if (number === undefined) throw new LuaError(`attempt to perform arithmetic on a ${typeOf(value)} value`);
  return number;
}

function numberIn(value: LuaValue): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? parsed(value) : undefined;
}

export function toText(value: LuaValue): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return general(value, 14);
  throw new LuaError(`attempt to concatenate a ${typeOf(value)} value`);
}

/** Two numbers or two strings; Lua compares nothing else. */
export function isLess(left: LuaValue, right: LuaValue): boolean {
  if (typeof left === 'number' && typeof right === 'number') return left < right;
  if (typeof left === 'string' && typeof right === 'string') return left < right;
  throw new LuaError(`attempt to compare ${typeOf(left)} with ${typeOf(right)}`);
}

export function isAtMost(left: LuaValue, right: LuaValue): boolean {
  // Not the opposite of `isLess`: neither holds for what is no number.
  if (typeof left === 'number' && typeof right === 'number') return left <= right;
  return !isLess(right, left);
}

export function lengthOf(value: LuaValue): number {
  if (value instanceof LuaTable) return value.length;
  if (typeof value === 'string') return value.length;
  throw new LuaError(`attempt to get length of a ${typeOf(value)} value`);
}

export function index(table: LuaValue, key: LuaValue): LuaValue {
  if (table instanceof LuaTable) return table.get(key);
  // A string has the functions of `string` for its fields.
  if (typeof table === 'string')
    return typeof key === 'string' && STRING_NAMES.includes(key) ? STRING.get(key) : undefined;
  throw new LuaError(`attempt to index a ${typeOf(table)} value`);
}

export function setIndex(table: LuaValue, key: LuaValue, value: LuaValue): void {
  if (!(table instanceof LuaTable)) throw new LuaError(`attempt to index a ${typeOf(table)} value`);
  table.set(key, value);
}

export function call(callee: LuaValue, args: readonly LuaValue[]): readonly LuaValue[] {
  if (typeof callee === 'function') return callee(...args);
  throw new LuaError(`attempt to call a ${typeOf(callee)} value`);
}

/** What a generic `for` goes through. */
export function listOf([table]: readonly LuaValue[]): readonly LuaValue[] {
  if (table instanceof LuaTable) return table.list;
  throw new LuaError(`bad argument #1 to 'for iterator' (table expected, got ${typeOf(table)})`);
}

/** Whether a numeric `for` goes on. */
export function isWithin(at: number, end: number, step: number): boolean {
  return step > 0 ? at <= end : at >= end;
}

function typeOf(value: LuaValue): string {
  if (value === undefined) return 'nil';
  return value instanceof LuaTable ? 'table' : typeof value;
}

function numberArgument(name: string, value: LuaValue): number {
  const number = numberIn(value);
  if (number === undefined) throw new LuaError(`bad argument to '${name}' (number expected, got ${typeOf(value)})`);
  return number;
}

function textArgument(name: string, value: LuaValue): string {
  if (typeof value === 'string' || typeof value === 'number') return toText(value);
  throw new LuaError(`bad argument to '${name}' (string expected, got ${typeOf(value)})`);
}

function tableArgument(name: string, value: LuaValue): LuaTable {
  if (value instanceof LuaTable) return value;
  throw new LuaError(`bad argument to '${name}' (table expected, got ${typeOf(value)})`);
}

function format(...args: readonly LuaValue[]): readonly LuaValue[] {
  const [pattern, value] = args;
  if (pattern !== '%.0f' || args.length > 2) throw new Unsimulated('string.format but for %.0f');
  return [whole(numberArgument('format', value))];
}

function find(...args: readonly LuaValue[]): readonly LuaValue[] {
  const [text, part, from, isPlain] = args;
  if (from !== 1 || isPlain !== true) throw new Unsimulated('string.find but for plain text');
  const sought = textArgument('find', part);
  const at = textArgument('find', text).indexOf(sought);
  return at < 0 ? [undefined] : [at + 1, at + sought.length];
}

/** What `redis.call` throws is a table, and becomes its text here: Redis has a `pcall` of its own. */
function protectedCall(callee: LuaValue, ...args: readonly LuaValue[]): readonly LuaValue[] {
  try {
    return [true, ...call(callee, args)];
  } catch (error) {
    if (error instanceof LuaError) return [false, error.value instanceof LuaTable ? error.message : error.value];
    throw error;
  }
}

/** A table of functions, which nobody changes. What is missing may be there in Lua: it is refused. */
export class Library extends LuaTable {
  constructor(functions: Readonly<Record<string, LuaFunction>>) {
    super([], Object.entries(functions));
    Object.freeze(this);
  }

  override get(key: LuaValue): LuaValue {
    const value = super.get(key);
    if (value === undefined) throw new Unsimulated(`a function ${typeof key === 'string' ? key : ''}`);
    return value;
  }

  override set(key: LuaValue, value: LuaValue): void {
    if (Object.isFrozen(this)) throw new LuaError('Attempt to modify a readonly table');
    super.set(key, value);
  }
}

const STRING = new Library({ format: (...args) => format(...args), find: (...args) => find(...args) });

const STRING_NAMES = 'byte char dump find format gfind gmatch gsub len lower match rep reverse sub upper'.split(' ');

/** What the scripts use of Lua's own library, by its names there. */
export const LIBRARY: Readonly<Record<string, LuaValue>> = {
  math: new Library({
    max: (first, ...rest) => [Math.max(...[first, ...rest].map((value) => numberArgument('max', value)))],
    floor: (value) => [Math.floor(numberArgument('floor', value))],
    abs: (value) => [Math.abs(numberArgument('abs', value))],
  }),
  string: STRING,
  table: new Library({
    insert: (...args) => {
      const [table, value] = args;
      if (args.length !== 2) throw new Unsimulated('table.insert but at the end');
      const list = tableArgument('insert', table);
      list.set(list.length + 1, value);
      return [];
    },
  }),
  pcall: protectedCall,
  tonumber: (...args) => {
    if (args.length === 0) throw new LuaError("bad argument #1 to 'tonumber' (value expected)");
    if (args.length > 1) throw new Unsimulated('tonumber with a base');
    return [numberIn(args[0])];
  },
  type: (...args) => {
    if (args.length === 0) throw new LuaError("bad argument #1 to 'type' (value expected)");
    return [typeOf(args[0])];
  },
  unpack: (...args) => {
    if (args.length > 1) throw new Unsimulated('unpack of a part');
    const table = tableArgument('unpack', args[0]);
    return table.list.slice(0, table.length);
  },
};

import { compile } from '../lua/compile';
import { Library } from '../lua/library';
import { LuaError, LuaTable, Unsimulated, type LuaFunction, type LuaValue } from '../lua/LuaTable';
import { general } from '../lua/numbers';
import { Refused, type Reply } from './commands';

/** Runs a script as a server does. `command` runs one command of it, and throws {@link Refused}. */
export function runScript(
  source: string,
  keys: readonly string[],
  args: readonly string[],
  command: (words: readonly string[]) => Reply,
): Reply | Refused {
  const pcall: LuaFunction = (...words) => {
    try {
      return [fromReply(command(words.map(argument)))];
    } catch (error) {
      if (error instanceof Refused) return [new LuaTable([], [['err', error.message]])];
      throw error;
    }
  };
  const call: LuaFunction = (...words) => {
    const [answer] = pcall(...words);
    if (answer instanceof LuaTable && answer.get('err') !== undefined) throw new LuaError(answer);
    return [answer];
  };
  const redis = new Library({ call, pcall });
  try {
    const [value] = compile(source)(redis, new LuaTable([...keys]), new LuaTable([...args]));
    return toReply(value);
  } catch (error) {
    // Redis puts a word before what Lua says, which it has done to its own words already.
    if (error instanceof LuaError)
      return new Refused(`${error.value instanceof LuaTable ? '' : 'ERR '}${error.message}`);
    throw error;
  }
}

function argument(value: LuaValue): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return general(value, 17);
  throw new Refused('ERR Lua redis lib command arguments must be strings or integers');
}

function fromReply(reply: Reply): LuaValue {
  if (reply === null) return false;
  if (typeof reply === 'number' || typeof reply === 'string') return reply;
  if ('ok' in reply) return new LuaTable([], [['ok', reply.ok]]);
  return new LuaTable(reply.map(fromReply));
}

function toReply(value: LuaValue): Reply | Refused {
  if (value === undefined || value === false) return null;
  if (value === true) return 1;
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new Unsimulated('an answer that is no number');
    return Math.trunc(value);
  }
  if (typeof value === 'string') return value;
  if (typeof value === 'function') return null;
  const [err, ok] = [value.get('err'), value.get('ok')];
  if (typeof err === 'string') return new Refused(err);
  if (typeof ok === 'string') return { ok };
  return value.list.map((one) => toReply(one) as Reply);
}

import { compile } from '../lua/compile';
import { LuaError, LuaTable, type LuaFunction, type LuaValue } from '../lua/LuaTable';
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
  const redis = new LuaTable(
    [],
    [
      ['call', call],
      ['pcall', pcall],
    ],
  );
  try {
    const [value] = compile(source)(redis, new LuaTable([...keys]), new LuaTable([...args]));
    return toReply(value);
  } catch (error) {
    if (error instanceof LuaError) return new Refused(error.message);
    throw error;
  }
}

/** A number becomes what Redis makes of it: as few digits as will do. */
function argument(value: LuaValue): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  throw new LuaError('Lua redis lib command arguments must be strings or integers');
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
  if (typeof value === 'number') return Math.trunc(value);
  if (typeof value === 'string') return value;
  if (typeof value === 'function') return null;
  const [err, ok] = [value.get('err'), value.get('ok')];
  if (err !== undefined) return new Refused(String(err));
  if (ok !== undefined) return { ok: String(ok) };
  const end = value.list.indexOf(undefined);
  const list = end < 0 ? value.list : value.list.slice(0, end);
  return list.map((one) => toReply(one) as Reply);
}

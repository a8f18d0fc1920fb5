import { isAboutKeys } from '../master/MasterError';
import type { Rights, SingleTry } from '../master/Preparation';
import { MARKER } from '../master/marker';

/** How the restart guard goes about with a master. */
export interface Guarding {
  /** The master is admitted before it is asked to vote. */
  readonly isOn: boolean;
  /** Its admission is proved with each vote. */
  readonly isProved: boolean;
}

/** A command that does nothing, and what an ACL calls the key or channel that it names. */
interface Sketch extends SingleTry {
  /** Null where it names none, or nobody knows how an ACL would have to name it. */
  readonly pattern: string | null;
  readonly isNeeded: boolean;
}

/**
 * All that a lock asks of a master, command by command and to no effect. For a login that was refused one of them: the
 * others that it lacks are then named in the same line.
 *
 * @param lock the key of a lock that nobody has
 * @param isNotifying whether those who wait are woken
 */
export function singleTries(lock: string, keyPrefix: string, guarding: Guarding, isNotifying: boolean): Rights {
  const lockPattern = keyPrefix === '' ? null : patternOf(keyPrefix);
  const marker = `~${MARKER}`;
  const line = `redlock:waiting:${lock}`;
  const channel = `redlock:free:${lock}`;
  const needed = (right: string, command: SingleTry['command'], pattern: string | null = null): Sketch => {
    return { right, command, pattern, isNeeded: true };
  };
  const useful = (right: string, command: SingleTry['command'], pattern: string | null = null): Sketch => {
    return { right, command, pattern, isNeeded: false };
  };
  const sketches: readonly Sketch[] = [
    needed('+evalsha', ['evalsha', '0'.repeat(40), 0]),
    needed('+eval', ['eval', 'return 1', 0]),
    needed('+exists', ['exists', lock], lockPattern),
    needed('+get', ['get', lock], lockPattern),
    needed('+set', ['set', lock, '', 'PX', 1, 'XX'], lockPattern),
    needed('+del', ['del', lock], lockPattern),
    needed('+type', ['type', lock], lockPattern),
    needed('+pttl', ['pttl', lock], lockPattern),
    ...(guarding.isOn
      ? [
          needed('+hgetall', ['hgetall', MARKER], marker),
          needed('+hset', ['hset', MARKER, 'rights', '', 'rights'], marker),
          needed('+time', ['time']),
        ]
      : []),
    ...(guarding.isProved ? [needed('+hmget', ['hmget', MARKER, 'run'], marker)] : []),
    useful('+info', ['info', 'server']),
    useful('+client|id', ['client', 'ID']),
    useful('+client|kill', ['client', 'KILL', 'ID', 0]),
    useful('+script|load', ['script', 'LOAD', 'return 1']),
    ...(isNotifying
      ? [
          useful('+zrank', ['zrank', line, ''], '~redlock:waiting:*'),
          useful('+zpopmin', ['zpopmin', line], '~redlock:waiting:*'),
          useful('+zadd', ['zadd', line, 'XX', 0, ''], '~redlock:waiting:*'),
          useful('+pexpire', ['pexpire', line, 1], '~redlock:waiting:*'),
          useful('+publish', ['publish', channel, ''], '&redlock:free:*'),
          useful('+subscribe', ['subscribe', channel], '&redlock:free:*'),
          useful('+unsubscribe', ['unsubscribe', channel]),
        ]
      : []),
  ];
  return { tries: sketches, sayLacking: (refusals, known, user) => sayLacking(sketches, refusals, known, user) };
}

/** The keys of a prefix, as an ACL writes them. No pattern of an ACL has a space in it: `?` stands for any one byte. */
export function patternOf(keyPrefix: string): string {
  return `~${keyPrefix.replace(/[\\*?[\]]/g, '\\$&').replace(/[\s\0]/g, '?')}*`;
}

/** A word of a line that can be pasted, into redis-cli as into a shell. */
function pasted(word: string): string {
  if (/^[+\w.-]+$/.test(word)) return word;
  return word.includes("'") ? `"${word.replace(/["\\$`]/g, '\\$&')}"` : `'${word}'`;
}

function sayLacking(
  sketches: readonly Sketch[],
  refusals: readonly (string | null)[],
  known: readonly string[],
  user: string,
): string | null {
  const lacking = (isNeeded: boolean): readonly string[] =>
    sketches.flatMap((sketch, at) => {
      const refusal = refusals[at] ?? null;
      if (refusal === null || sketch.isNeeded !== isNeeded) return [];
      if (!isAboutKeys(refusal)) return [sketch.right];
      return sketch.pattern === null ? [] : [sketch.pattern];
    });
  const needed = [...new Set([...lacking(true), ...known])];
  if (needed.length === 0) return null;
  const useful = [...new Set(lacking(false))].filter((right) => !needed.includes(right));
  const also = useful.length === 0 ? '' : `, and ${useful.join(' ')}, which it can do without`;
  const line = ['ACL SETUSER', ...[user, ...needed, ...useful].map(pasted)].join(' ');
  return `the user lacks ${needed.join(' ')}${also}: ${line}${unseen(sketches, refusals)}`;
}

/** Redis looks at the command first: where all commands on a key are refused, nobody can see whether the key is, too. */
function unseen(sketches: readonly Sketch[], refusals: readonly (string | null)[]): string {
  const patterns = [...new Set(sketches.flatMap(({ pattern }) => (pattern === null ? [] : [pattern])))];
  const hidden = patterns.filter((pattern) =>
    sketches.every((sketch, at) => {
      const refusal = refusals[at] ?? null;
      return sketch.pattern !== pattern || (refusal !== null && !isAboutKeys(refusal));
    }),
  );
  return hidden.length === 0 ? '' : `. Whether it lacks ${hidden.join(' ')} shows only with these commands`;
}

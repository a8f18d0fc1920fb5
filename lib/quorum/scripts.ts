import { MARKER } from '../master/marker';
import { script, type Script } from '../master/Script';
import { ACCEPT_NUMBER, FENCE_SCRIPTS } from './fenceScripts';
import { LEAVE_LINE, WAIT_IN_LINE, WAKE_FIRST } from './waitScripts';

/** The first element of an array that the acquire script answers when it refuses. */
export const Refusal = {
  /** Then: the key's remaining ttl in ms, -1 without one; how many wait before the caller, -1 where it does not wait. */
  taken: 'taken',
  /** Then: the key, and the type of what it holds. */
  foreign: 'foreign',
  /** The marker is missing, or names another run. */
  unadmitted: 'unadmitted',
  /** Then: for how much longer, in ms. */
  quarantined: 'quarantined',
} as const;

/**
 * Before the round: nobody votes who may have forgotten. The run stands in the script and not among its arguments,
 * which would be sent with every acquire: a server has one run for as long as it has its scripts.
 */
const requireAdmission = (runId: string): string => `
local marker = redis.call('hmget', '${MARKER}', 'run', 'until')
if marker[1] ~= '${runId}' then return { '${Refusal.unadmitted}' } end
if marker[2] ~= '0' then
  local time = redis.call('time')
  local left = tonumber(marker[2]) - time[1] * 1000 - math.floor(time[2] / 1000)
  if left > 0 then return { '${Refusal.quarantined}', left } end
end
`;

/**
 * redlock's acquire asks EXISTS alone, which cannot tell a lock from somebody's data, nor say for how long the key is
 * taken. Both are read in the same step as the refusal: one round trip, and nothing can have changed in between.
 *
 * An acquire that finds its own token is a second try, and is granted. One that fails half way, for want of a right or
 * of memory, takes back what it has written.
 */
const wrapAcquire = (redlockScript: string, before: string): string => `
${before}
local function redlock()
${redlockScript}
end

${ACCEPT_NUMBER}
local values = {}
local function attempt()
  local count = redlock()
  if count == 0 then
    for i, key in ipairs(KEYS) do values[i] = redis.pcall('get', key) end
    for _, value in ipairs(values) do
      if value ~= ARGV[1] then return 0 end
    end
  end
  if not ARGV[3] or ARGV[3] == '' then return #KEYS end
  return acceptNumber()
end

local isDone, answer = pcall(attempt)
if not isDone then
  for _, key in ipairs(KEYS) do
    if redis.pcall('get', key) == ARGV[1] then redis.pcall('del', key) end
  end
  return type(answer) == 'table' and answer or { err = answer }
end
if answer ~= 0 then
  ${LEAVE_LINE}
  for _, key in ipairs(KEYS) do leaveLine(key) end
  return answer
end

${WAIT_IN_LINE}
local remaining, rank, isEndless = 0, -1, false
for i, key in ipairs(KEYS) do
  if type(values[i]) == 'table' then return { '${Refusal.foreign}', key, redis.call('type', key)['ok'] } end
  local pttl = redis.call('pttl', key)
  isEndless = isEndless or pttl == -1
  remaining = math.max(remaining, pttl)
  if pttl ~= -2 then rank = math.max(rank, waitInLine(key)) end
end
return { '${Refusal.taken}', isEndless and -1 or remaining, rank }
`;

/** Reads a former token, among the arguments from `firstFormer` on, as the token itself. */
const tokenIn = (firstFormer: number): string => `
local function tokenIn(key)
  local value = redis.pcall('get', key)
  if type(value) == 'table' then
    if string.find(value['err'], 'WRONGTYPE', 1, true) then return false end
    return redis.call('get', key)
  end
  for i = ${firstFormer}, #ARGV do
    if value == ARGV[i] then return ARGV[1] end
  end
  return value
end
`;

/**
 * What redlock's scripts call on a lock that may stand under a former token: a key that holds one is read as if it held
 * the token itself, and a key of another type as if it held nothing. What the server refuses ends the script, also to
 * read: redlock would count a key as deleted, and a lock as lost, whatever came of it.
 */
const withFormerTokens = (redlockScript: string, firstFormer: number): string => `
${tokenIn(firstFormer)}
local function redlock()
  local server = redis
  local function call(command, ...)
    if command == 'get' then return tokenIn(...) end
    return server.call(command, ...)
  end
  local redis = { call = call, pcall = server.call }
${redlockScript}
end
`;

/**
 * A lock that is taken over gets another token in the same step. What whoever held it before may still have on its way,
 * or sends when it comes back to a master, is of a former token, and does nothing any more. As to acquire it, a master
 * has to know what became of the lock: one that has forgotten may hold a former token again. ARGV: the token, the ttl,
 * and the former tokens of one that is taken over.
 */
const wrapExtend = (redlockScript: string, beforeTakingOver: string): string => `
${withFormerTokens(redlockScript, 3)}
local isTakenOver = false
if ARGV[3] then
  for _, key in ipairs(KEYS) do
    isTakenOver = isTakenOver or (tokenIn(key) == ARGV[1] and redis.call('get', key) ~= ARGV[1])
  end
end
if isTakenOver then
  ${beforeTakingOver}
end
return redlock()
`;

/**
 * Whoever waits is told in the same step as the deletion. Answers an array where somebody was. A lock that was taken
 * over may still stand under a former token where the taking over was missed. ARGV: the token, and the former ones.
 */
const wrapRelease = (redlockScript: string, isNotifying: boolean): string => `
${withFormerTokens(redlockScript, 2)}
local count = redlock()
${isNotifying ? TELL_WAITERS : 'return count'}
`;

const TELL_WAITERS = `
if count == 0 then return 0 end

${WAKE_FIRST}
local woken = 0
for _, key in ipairs(KEYS) do woken = woken + wakeFirst(key) end
if woken == 0 then return count end
return { count, woken }
`;

/** Whether every key holds the lock. Changes nothing. ARGV: the token, and the former ones. */
export const HOLDS: Script = script(`
${tokenIn(2)}
for _, key in ipairs(KEYS) do
  if tokenIn(key) ~= ARGV[1] then return 0 end
end
return 1
`);

/** Deletes a token wherever it stands among the keys, and nothing else, whatever else stands there. */
const takeBack = (isNotifying: boolean): Script =>
  script(`
${isNotifying ? WAKE_FIRST : ''}
local held = {}
for _, key in ipairs(KEYS) do
  if redis.call('type', key)['ok'] == 'string' and redis.call('get', key) == ARGV[1] then table.insert(held, key) end
end
for _, key in ipairs(held) do
  redis.call('del', key)
  ${isNotifying ? 'wakeFirst(key)' : ''}
end
return 0
`);

/** redlock's scripts as they are run here, and the hooks through which redlock is told of them. */
export interface Scripts {
  readonly takeBack: Script;
  /** What is run on one run of a server, by the SHA-1 under which redlock asks for it. */
  forRun(runId: string): ReadonlyMap<string, Script>;
  /** For the Redlock whose `extend` acquires. */
  readonly acquirerHooks: {
    readonly acquireScript: (lua: string) => string;
    readonly extendScript: (lua: string) => string;
  };
  readonly hooks: {
    readonly extendScript: (lua: string) => string;
    readonly releaseScript: (lua: string) => string;
  };
}

/** What the scripts do beside redlock's own work. */
export interface ScriptOptions {
  /** Acquiring requires that the master was admitted. */
  readonly isGuarded: boolean;
  /** Whoever deletes a lock tells those who wait for it. */
  readonly isNotifying: boolean;
}

/** redlock hands its Lua to a hook, and runs what the hook returns by its SHA-1. It asks for `acquireScript` first. */
export function wrapScripts({ isGuarded, isNotifying }: ScriptOptions): Scripts {
  const sources = new Map<string, (runId: string) => string>();
  const keep = (sourceFor: (runId: string) => string): string => {
    const source = sourceFor('');
    sources.set(script(source).sha, sourceFor);
    return source;
  };
  let acquireLua = '';
  return {
    takeBack: takeBack(isNotifying),
    forRun: (runId) => {
      const ofRedlock = [...sources].map(([sha, sourceFor]) => [sha, script(sourceFor(runId))] as const);
      return new Map([...ofRedlock, ...[HOLDS, ...FENCE_SCRIPTS].map((one) => [one.sha, one] as const)]);
    },
    acquirerHooks: {
      acquireScript: (lua) => (acquireLua = lua),
      extendScript: () => {
        if (acquireLua === '') throw new Error('redlock did not hand over its acquire script first');
        return keep((runId) => wrapAcquire(acquireLua, isGuarded ? requireAdmission(runId) : ''));
      },
    },
    hooks: {
      extendScript: (lua) => keep((runId) => wrapExtend(lua, isGuarded ? requireAdmission(runId) : '')),
      releaseScript: (lua) => keep(() => wrapRelease(lua, isNotifying)),
    },
  };
}

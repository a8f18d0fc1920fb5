import type { Master } from '../master/Master';
import { script, type Argument, type Script } from '../master/Script';
import { listIn } from '../master/replies';
import { MARKER } from '../master/marker';

/**
 * For a script that grants: accepts the number in ARGV[3] in the same step, if it is above all that this master has
 * accepted, for whatever key. Two fields of the marker tell: `highest`, and `forgot`, the nonce of a loss of memory that
 * has not been made good. What is far ahead of the master's own clock comes from one that is wrong, and is not accepted
 * either.
 */
export const ACCEPT_NUMBER = `
local function acceptNumber()
  local fence = redis.call('hmget', '${MARKER}', 'highest', 'forgot', 'guard')
  if fence[2] and fence[2] ~= '' then return { #KEYS, 'forgot', fence[2] } end
  local known, proposed, time = tonumber(fence[1] or '0'), tonumber(ARGV[3]), redis.call('time')
  local most = math.max(known, time[1] * 1000000 + time[2]) + tonumber(fence[3] or '0') * 1000
  if proposed <= known or proposed > most then return { #KEYS, 'refused', fence[1] or '0' } end
  redis.call('hset', '${MARKER}', 'highest', ARGV[3])
  return { #KEYS, 'accepted' }
end
`;

/** ARGV: the run of the server that is asked. Another one by now knows nothing of what this one has done. */
const PRELUDE = `
local run, highest, forgot = unpack(redis.call('hmget', '${MARKER}', 'run', 'highest', 'forgot'))
if run ~= ARGV[1] then return { 'unadmitted' } end
highest = tonumber(highest or '0')

local function raiseTo(number)
  if number > highest then redis.call('hset', '${MARKER}', 'highest', string.format('%.0f', number)) end
end
`;

/**
 * Writes a number where its keys are held with a token: a key of another type holds none.
 * KEYS: the keys. ARGV: the run, the token, the number.
 */
export const WRITE_NUMBER: Script = script(`${PRELUDE}
if forgot and forgot ~= '' then return { 'forgot', forgot } end
for _, key in ipairs(KEYS) do
  if redis.call('type', key)['ok'] ~= 'string' or redis.call('get', key) ~= ARGV[2] then return { 'gone' } end
end
raiseTo(tonumber(ARGV[3]))
return { 'accepted' }
`);

/** Tells what another master is to start from: the number, and the nonce of a loss where it is not sure of it. */
export const READ_HIGHEST: Script = script(`${PRELUDE}
return { 'highest', string.format('%.0f', highest), forgot or '' }
`);

/**
 * Has a master that forgot start from what the others know, or from what it knows itself where that is more. Another
 * process may have done it before. ARGV: the run, the nonce of the loss, the number.
 */
export const REMIND: Script = script(`${PRELUDE}
if forgot == ARGV[2] then
  raiseTo(tonumber(ARGV[3]))
  redis.call('hset', '${MARKER}', 'forgot', '')
elseif forgot and forgot ~= '' then
  return { 'changed' }
end
return { 'reminded', redis.call('hmget', '${MARKER}', 'highest')[1] or '0' }
`);

export const FENCE_SCRIPTS: readonly Script[] = [WRITE_NUMBER, READ_HIGHEST, REMIND];

/**
 * Runs one of them.
 *
 * @throws MasterError
 */
export async function runFence(
  master: Master,
  { sha }: Script,
  keys: readonly string[],
  args: readonly Argument[],
): Promise<readonly unknown[]> {
  const runId = master.server?.runId ?? '';
  return listIn(await master.run(sha, keys.length, [...keys, runId, ...args], () => true));
}

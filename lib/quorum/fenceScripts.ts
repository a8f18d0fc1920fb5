import { script, type Script } from '../master/Script';
import { MARKER } from './guardScripts';

/**
 * What a master remembers for fencing: the hash `redlock:fence` has the highest number that it has accepted for any key
 * (`floor`) and the run of the server for which that is known to be so (`run`); `redlock:fence:<key>` has the highest
 * number for one key, and the run that accepted it, for a day. A number of an earlier run says nothing: the master may
 * have come back knowing less than it did.
 */
const PRELUDE = `
local run = ARGV[1]
local marker = redis.call('hmget', '${MARKER}', 'run', 'until', 'founding')
local time = redis.call('time')
local now = time[1] * 1000000 + time[2]
local fence = redis.call('hmget', 'redlock:fence', 'run', 'floor', 'wants')
local floor = tonumber(fence[2] or '0')
-- Whoever was founded in this run has forgotten nothing.
local isFloored = fence[1] == run or (marker[3] and marker[3] ~= '')
if marker[1] ~= run then return { 'unadmitted' } end
if tonumber(marker[2]) * 1000 > now then return { 'quarantined' } end

local function whole(number) return string.format('%.0f', number) end
`;

/**
 * Accepts a number for keys that are held with a token, above all that were accepted for them. KEYS: the keys. ARGV: the
 * run, the token, the number, how far it may be ahead of the master's clock in ms, a nonce, '1' where this is the only
 * master.
 */
export const FENCE: Script = script(`${PRELUDE}
local token, proposed, ahead = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local highest = 0
for _, key in ipairs(KEYS) do
  if redis.call('get', key) ~= token then return { 'gone' } end
  local stored = redis.call('get', 'redlock:fence:' .. key)
  local number, inRun = string.match(stored or '', '^(%d+) (.*)$')
  highest = math.max(highest, inRun == run and tonumber(number) or floor)
end
if not isFloored and ARGV[6] ~= '1' then
  local wants = fence[3] and fence[3] ~= '' and fence[3] or ARGV[5]
  redis.call('hset', 'redlock:fence', 'wants', wants)
  return { 'unfloored', wants }
end
if proposed <= highest then return { 'behind', whole(highest) } end
if proposed > math.max(now, highest) + ahead * 1000 then return { 'ahead', whole(math.max(now, highest)) } end
for _, key in ipairs(KEYS) do
  redis.call('set', 'redlock:fence:' .. key, whole(proposed) .. ' ' .. run, 'PX', 86400000)
end
redis.call('hset', 'redlock:fence', 'run', run, 'floor', whole(math.max(floor, proposed)))
return { 'accepted' }
`);

/** Tells what another master is to start from. Answers the floor, and '1' where it is known to be right. */
export const READ_FLOOR: Script = script(`${PRELUDE}
return { 'floor', whole(floor), isFloored and '1' or '0' }
`);

/** Has a master that forgot start from what the others know. ARGV: the run, the nonce that it asked with, the floor. */
export const WRITE_FLOOR: Script = script(`${PRELUDE}
if ARGV[2] == '' or fence[3] ~= ARGV[2] then return { 'changed' } end
redis.call('hset', 'redlock:fence', 'run', run, 'floor', whole(math.max(floor, tonumber(ARGV[3]))), 'wants', '')
return { 'floor', '', '1' }
`);

export const FENCE_SCRIPTS: readonly Script[] = [FENCE, READ_FLOOR, WRITE_FLOOR];

import { script, type Script } from '../master/Script';

/** KEYS: the marker. ARGV: the server's run, the guard in ms, then what the script adds. */
const PRELUDE = `
local marker = KEYS[1]
local run = ARGV[1]
local guard = tonumber(ARGV[2])

local function read()
  local fields = {}
  local flat = redis.call('hgetall', marker)
  for i = 1, #flat, 2 do fields[flat[i]] = flat[i + 1] end
  return fields
end

local function now()
  local time = redis.call('time')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local before = read()
local isPendingAs = function(nonce) return before['pending'] == run and before['nonce'] == nonce end
guard = math.max(guard, tonumber(before['guard'] or '0'))

-- forgot: the nonce of a loss; '' where nothing that was ever known here is lost.
local function admit(founding, quarantine, forgot)
  local ends = quarantine > 0 and now() + quarantine or 0
  redis.call('del', marker)
  redis.call('hset', marker, 'run', run, 'until', string.format('%.0f', ends),
    'guard', string.format('%.0f', guard), 'founding', founding,
    'highest', before['highest'] or '0', 'forgot', forgot)
  if before['name'] then redis.call('hset', marker, 'name', before['name'], 'started', before['started']) end
end

local function answer()
  local after = read()
  if not after['run'] then return { 'pending', after['nonce'] or '' } end
  local left = math.max(0, tonumber(after['until']) - now())
  return { 'admitted', after['founding'], left, tonumber(after['guard']) }
end
`;

/**
 * Asked first on every connection. ARGV: a nonce; '1' where this is the only master, which is never in quarantine.
 * A marker of another run says that the server has forgotten something: that quarantine begins here, in one step.
 */
export const INSPECT: Script = script(`${PRELUDE}
if before['run'] == run then
  redis.call('hset', marker, 'guard', string.format('%.0f', guard))
elseif ARGV[4] == '1' then
  admit('', 0, '')
elseif before['run'] then
  admit('', guard, ARGV[3])
elseif before['pending'] ~= run then
  redis.call('hset', marker, 'nonce', ARGV[3], 'pending', run)
end
return answer()
`);

/** Admits a master that is still as new as it was read. ARGV: its nonce, and the nonces of all that are founded. */
export const FOUND: Script = script(`${PRELUDE}
if isPendingAs(ARGV[3]) then admit(ARGV[4], 0, '') end
return answer()
`);

/** Admits a master that came late, and may have forgotten something. ARGV: the nonce that it was read with. */
export const QUARANTINE: Script = script(`${PRELUDE}
if isPendingAs(ARGV[3]) then admit('', guard, ARGV[3]) end
return answer()
`);

/** The channel on which one waiter is told that a lock was given back. Whoever listens to it is still waiting. */
export const channelOf = (id: string): string => `redlock:free:${id}`;

/**
 * For a script that refuses: puts the caller into the master's line for a key. A line is a sorted set of waiters, by
 * the time on the master since which each has waited, so that one that has to ask again keeps its place. It is gone
 * by itself when nobody has asked for a while. ARGV from the fourth: the waiter, for how long it has waited and for how
 * long the line is to be kept, in ms.
 *
 * A master may not permit it, or have no memory left: then those who wait poll.
 */
export const WAIT_IN_LINE = `
local function waitInLine(key)
  local id, waited, keep = ARGV[4], ARGV[5], tonumber(ARGV[6])
  if not id then return -1 end
  local line = 'redlock:waiting:' .. key
  local time = redis.pcall('time')
  if time['err'] then return -1 end
  -- In microseconds: of two who came one after the other, the first is to stand first.
  local since = string.format('%.0f', time[1] * 1000000 + time[2] - tonumber(waited) * 1000)
  local left = redis.call('pttl', line)
  -- Tried before there is anything that would stay for ever.
  if left < keep and type(redis.pcall('pexpire', line, keep)) == 'table' then return -1 end
  if type(redis.pcall('zadd', line, 'nx', since, id)) == 'table' then return -1 end
  if left == -2 then redis.call('pexpire', line, keep) end
  local rank = redis.pcall('zrank', line, id)
  return type(rank) == 'number' and rank or -1
end
`;

/**
 * For a script that grants: gives up the place of whoever was not called to it. It would stand first when it releases,
 * and be told of it in place of the one behind. Further back it does no harm: it is passed over, since nobody listens.
 */
export const LEAVE_LINE = `
local function leaveLine(key)
  local line = 'redlock:waiting:' .. key
  if ARGV[4] and redis.pcall('zrank', line, ARGV[4]) == 0 then redis.pcall('zpopmin', line) end
end
`;

/**
 * For a script that deletes: tells the first in the master's line for a key who still listens. Returns 1 when there was
 * one.
 */
export const WAKE_FIRST = `
local function wakeFirst(key)
  local line = 'redlock:waiting:' .. key
  while true do
    local first = redis.pcall('zpopmin', line)
    if first['err'] or not first[1] then return 0 end
    local heard = redis.pcall('publish', 'redlock:free:' .. first[1], '')
    if heard ~= 0 then return type(heard) == 'number' and 1 or 0 end
  end
end
`;

import { randomUUID } from 'node:crypto';
import { MARKER } from './marker';
import { script, type Argument, type Script } from './Script';

/**
 * Names the present run of a server that does not do so itself. KEYS: {@link MARKER}. ARGV: a new name; for how long the server has been running, in s, -1 where it does not say.
 * A server that began to run at another time than the one that was named is another run, or another server with a copy of
 * its data. Its own clock may have been set meanwhile: then it counts as a new run, which costs it its vote for a while.
 */
export const IDENTIFY: Script = script(`
local started = 0
if ARGV[2] ~= '-1' then started = tonumber(redis.call('time')[1]) - tonumber(ARGV[2]) end
local known = redis.call('hmget', KEYS[1], 'name', 'started')
if known[1] and math.abs(tonumber(known[2]) - started) <= 2 then return known[1] end
redis.call('hset', KEYS[1], 'name', ARGV[1], 'started', string.format('%.0f', started))
return ARGV[1]
`);

export function identifyArguments(uptimeS: number | null): readonly Argument[] {
  return [MARKER, randomUUID().replaceAll('-', ''), uptimeS ?? -1];
}

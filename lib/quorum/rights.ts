import { randomUUID } from 'node:crypto';
import { faultOfReply, isAboutKeys } from '../master/MasterError';
import type { Lacking, RightsProbe } from '../master/Preparation';
import { listIn } from '../master/replies';
import { script } from '../master/Script';
import { MARKER } from '../master/marker';
import { patternOf, singleTries, type Guarding } from './singleTries';

/** ARGV: a lock's key that nobody has, and the marker's. A try that is refused does not end the script. */
const PRELUDE = `
local lock, marker = ARGV[1], ARGV[2]
local refusals = {}
local function try(command, ...)
  local answer = redis.pcall(command, ...)
  if type(answer) == 'table' and answer['err'] then
    table.insert(refusals, { command, answer['err'], (...) or '' })
  end
end
`;

/** What redlock's scripts do, what is added to them, and what takes a token back: of no effect without such a key. */
const ON_A_LOCK = `
try('exists', lock)
try('get', lock)
try('set', lock, '', 'PX', 1, 'XX')
try('del', lock)
try('type', lock)
try('pttl', lock)
`;

/**
 * A field without its value is refused too late to hide a missing right, and too early to write anything; a server that
 * took it would add a field that nobody reads.
 */
const TO_ADMIT = `
try('hgetall', marker)
try('hset', marker, 'rights', '', 'rights')
try('time')
`;

const TO_PROVE_ADMISSION = `
try('hmget', marker, 'run')
`;

/**
 * What finds out whether the scripts may do what they do, before a vote depends on it. It is done and not asked for:
 * `redis.acl_check_cmd` came with Redis 7, needs each command as well, and cannot tell a command from its keys.
 */
export function rightsProbe(keyPrefix: string, guarding: Guarding, isNotifying: boolean): () => RightsProbe {
  const tries = [ON_A_LOCK, guarding.isOn ? TO_ADMIT : '', guarding.isProved ? TO_PROVE_ADMISSION : ''];
  const probe = script(`${PRELUDE}${tries.join('')}return refusals`);
  // A key of this lock alone: one that is known could be somebody's, and would be deleted; another one each time would fill the ACL LOG.
  const id = randomUUID();
  return () => {
    const lock = `${keyPrefix}redlock:rights:${id}`;
    return {
      script: probe,
      args: [lock, MARKER],
      lacking: (reply) => lackingIn(reply, keyPrefix),
      get rights() {
        return singleTries(lock, keyPrefix, guarding, isNotifying);
      },
    };
  };
}

function lackingIn(reply: unknown, keyPrefix: string): Lacking | null {
  const [rights, commands] = [new Set<string>(), new Set<string>()];
  for (const one of listIn(reply)) {
    const [command, refusal, key] = listIn(one);
    if (typeof command !== 'string' || typeof refusal !== 'string') return null;
    // A replica, a full memory and the like refuse as well; that is for the vote to find out, when it still is so.
    const { kind } = faultOfReply('', new Error(refusal));
    if (kind === 'unknown-command') commands.add(command.toUpperCase());
    if (kind !== 'no-permission') continue;
    if (!isAboutKeys(refusal)) rights.add(`+${command}`);
    else if (key === MARKER) rights.add(`~${MARKER}`);
    // Without a prefix nobody knows here which keys the locks will have.
    else if (keyPrefix !== '') rights.add(patternOf(keyPrefix));
  }
  return { rights: [...rights], commands: [...commands] };
}

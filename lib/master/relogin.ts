import type { Redis } from 'ioredis';
import type { Login, Logins } from '../config/Login';
import type { MasterEndpoint } from '../config/MasterEndpoint';

/** Who has not answered for so long is asked once more, in ms. */
const SILENT_MS = 10_000;

/**
 * Passwords are changed while a lock is open: the next connections log in with what the credential store knows then.
 *
 * @param choose says which of the two logins is meant
 * @returns asks for the login anew, at most once at a time, and does not wait; `null` where it never changes
 * @internal Its type is ioredis's.
 */
export function reloginOf(
  redis: Redis,
  { logInAnew }: MasterEndpoint,
  choose: (logins: Logins) => Login,
): (() => void) | null {
  if (logInAnew === null) return null;
  let askedMs = -Infinity;
  let isAsking = false;
  const ask = async (): Promise<void> => {
    try {
      const { username, password } = choose(await logInAnew());
      // What ioredis reads at its next attempt.
      Object.assign(redis.options, { username: username ?? undefined, password: password?.reveal() });
    } catch {
      // The attempts go on with the password that was refused, and that is what they say.
    } finally {
      isAsking = false;
    }
  };
  return () => {
    if (isAsking && performance.now() - askedMs < SILENT_MS) return;
    isAsking = true;
    askedMs = performance.now();
    void ask();
  };
}

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { findServerBinary } from './serverBinary';

const run = promisify(execFile);

/**
 * Debian starts the service of a package that it installs, here on port 6379, unless policy-rc.d forbids it. The policy
 * is there only during the installation, and one that the machine has already is left alone. The service is disabled as
 * well, or the next boot would start it. The list of packages is fetched only where the installation fails without it:
 * it is the slow part, and an image that has a list is usually current enough. Takes the path of the policy.
 */
export const INSTALL_SCRIPT = `
set -e
export DEBIAN_FRONTEND=noninteractive
policy="$1"
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\\nexit 101\\n' > "$policy"
  chmod 755 "$policy"
fi
get_server() { apt-get install -y --no-install-recommends redis-server; }
get_server || { apt-get update; get_server; }
if command -v systemctl > /dev/null; then systemctl disable redis-server || true; fi
`;

// Masters start side by side, and apt-get takes one installation at a time.
let installation: Promise<string | null> | undefined;

/**
 * Installs redis-server on Debian or Ubuntu, once, as root or by a sudo that asks for no password, and says so on stderr.
 *
 * @returns its path; null on another system or without the right
 * @throws Error with what apt-get said when the installation fails
 */
export function installServer(): Promise<string | null> {
  return (installation ??= install());
}

async function install(): Promise<string | null> {
  const asRoot = isDebian() ? await rootPrefix() : null;
  if (asRoot === null) return null;
  process.stderr.write(
    'No redis-server here: installing it by `apt-get install -y redis-server`, its system service not started.\n',
  );
  const [file = 'sh', ...args] = [...asRoot, 'sh', '-c', INSTALL_SCRIPT, 'sh', '/usr/sbin/policy-rc.d'];
  await run(file, args, { maxBuffer: 64 * 1024 * 1024 });
  return findServerBinary();
}

function isDebian(): boolean {
  try {
    return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return false;
  }
}

/** What makes a command run as root: nothing for root itself, else sudo; null where neither is possible. */
async function rootPrefix(): Promise<readonly string[] | null> {
  if (process.getuid?.() === 0) return [];
  try {
    await run('sudo', ['-n', 'true']);
    return ['sudo', '-n'];
  } catch {
    return null;
  }
}

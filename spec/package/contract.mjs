/**
 * What an application relies on, in the order in which it needs it: run by the runtimes of `check:runtimes`, from a
 * project that has the tarball installed. The arguments are the uris of three masters. Whoever runs it lets one of them
 * die when it is told to, and reads from the last line that nothing was left out.
 */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { isLockError, RedisLock } from 'pip-services4-redlock-node';

const LONG_MS = 60_000;
/** Far below the pause between two attempts, and far above what a busy machine takes. */
const SOON_MS = 20_000;
const LEASE_MS = 2_000;

const uris = process.argv.slice(2);

async function step(title, action) {
  await action();
  console.log(`  ${title}`);
}

async function until(condition, what) {
  for (const deadline = performance.now() + SOON_MS; !(await condition()); await sleep(5)) {
    assert(performance.now() < deadline, `not within ${SOON_MS} ms: ${what}`);
  }
}

/** The last line of a master's reply, asked past the library. */
function ask(uri, command) {
  const { hostname, port } = new URL(uri);
  return new Promise((resolve, reject) => {
    let reply = '';
    const socket = connect(Number(port), hostname, () => socket.write(`${command}\r\nQUIT\r\n`));
    socket.setEncoding('utf8');
    socket.on('data', (data) => (reply += data));
    socket.on('error', reject);
    socket.on('close', () => resolve(reply.split('\r\n').at(-3)));
  });
}

async function onEachMaster(condition, what) {
  await until(async () => (await Promise.all(uris.map(condition))).every(Boolean), `${what} on each master`);
}

/** So long between two attempts that polling helps nobody: whoever has the lock in time was woken. */
const options = { retry_timeout: LONG_MS, retry_jitter: 0, node_timeout: 1_000, connect_timeout: SOON_MS };
const [mine, theirs] = [1, 2].map(() => {
  const lock = new RedisLock();
  lock.configure({ connections: uris, options });
  return lock;
});

async function isTakenInTurns(key) {
  assert.equal(await mine.tryAcquireLock(null, key, LONG_MS), true);
  assert.equal(await theirs.tryAcquireLock(null, key, LONG_MS), false);
  await mine.releaseLock(null, key);
  assert.equal(await theirs.tryAcquireLock(null, key, LONG_MS), true);
  await theirs.releaseLock(null, key);
}

async function isWoken(key) {
  await mine.acquireLock(null, key, LONG_MS);
  // A quorum grants it before: the last master could grant it to whoever waits, who took no place in its line then.
  await onEachMaster(async (uri) => (await ask(uri, `EXISTS ${key}`)) === ':1', 'it is held');
  const acquired = theirs.acquireLock(null, key, LONG_MS, LONG_MS).then(() => true);
  const listens = async (uri) => {
    const id = await ask(uri, `ZRANGE redlock:waiting:${key} 0 0`);
    return (await ask(uri, `PUBSUB NUMSUB redlock:free:${id}`)) === ':1';
  };
  await onEachMaster(listens, 'somebody waits for it');
  await mine.releaseLock(null, key);
  assert(await Promise.race([acquired, sleep(SOON_MS, false, { ref: false })]), 'the release woke nobody');
  await theirs.releaseLock(null, key);
}

async function endsInLockTimeout(key) {
  await mine.acquireLock(null, key, LONG_MS);
  const error = await theirs.acquireLock(null, key, LONG_MS, 100).catch((reason) => reason);
  assert(isLockError(error, 'LOCK_TIMEOUT'), `it came to ${error}`);
  await mine.releaseLock(null, key);
}

async function outlivesItsTtl(keys) {
  const first = await mine.acquireLease(null, keys, LEASE_MS, { fencing: true, autoRenew: true });
  await sleep(2.5 * LEASE_MS);
  assert(first.isValid() && !first.signal.aborted, 'it was not renewed');
  assert.equal(await theirs.tryAcquireLease(null, keys, LEASE_MS), null);
  assert.equal((await first.release()).kind, 'released');
  const second = await theirs.acquireLease(null, keys, LEASE_MS, { fencing: true });
  assert(second.fencingToken > first.fencingToken, `${second.fencingToken} came after ${first.fencingToken}`);
  await second.release();
}

async function noticesTheDeath(lock) {
  const isGone = () => lock.getStatus().masters.some(({ state }) => state !== 'ready');
  await until(isGone, 'a master is seen to be gone');
  assert.equal(lock.getStatus().canLock, true);
}

async function main() {
  const { bun, deno, node } = process.versions;
  console.log(bun ? `bun ${bun}` : deno ? `deno ${deno}` : `node ${node}`);
  await step('opens over three masters', async () => {
    await Promise.all([mine.open(null), theirs.open(null)]);
    assert.deepEqual([mine.getStatus().quorum, mine.getStatus().masters.length], [2, 3]);
  });
  await step('grants a lock to one client at a time', () => isTakenInTurns('contract/turns'));
  await step('wakes a waiter by a release', () => isWoken('contract/wake'));
  await step('ends a wait with LOCK_TIMEOUT', () => endsInLockTimeout('contract/timeout'));
  await step('renews a fenced lease beyond its ttl', () => outlivesItsTtl(['contract/a', 'contract/b']));
  console.log('  now let a master die');
  await step('sees the death of one master', () => Promise.all([mine, theirs].map(noticesTheDeath)));
  await step('goes on without it', async () => {
    await isTakenInTurns('contract/minority');
    await mine.withLock(null, 'contract/left', LONG_MS, { fencing: true }, async ({ signal }) =>
      signal.throwIfAborted(),
    );
  });
  await step('closes', async () => {
    await mine.acquireLock(null, 'contract/held', LONG_MS);
    await mine.close(null);
    assert.equal(await theirs.tryAcquireLock(null, 'contract/held', LONG_MS), true);
    await theirs.close(null);
    assert.equal(mine.isOpen() || theirs.isOpen(), false);
  });
  console.log('  done');
}

main().catch((error) => {
  console.error(error);
  // The connections would keep the process alive.
  process.exit(1);
});

import crypto from 'node:crypto';
import type { Happening, World } from './World';

/** What Node's timer functions return. */
interface Handle {
  ref(): Handle;
  unref(): Handle;
  readonly event: Happening;
}

let present: World | null = null;

/** Which world time and chance come from. */
export function enter(world: World | null): void {
  present = world;
}

function world(): World {
  if (present === null) throw new Error('no simulation is running');
  return present;
}

function handleOf(event: Happening): Handle {
  const handle: Handle = { event, ref: () => handle, unref: () => handle };
  return handle;
}

function cancel(handle: Handle | null | undefined): void {
  if (handle) handle.event.isCancelled = true;
}

function hex(digits: number): string {
  return Array.from({ length: digits }, () => Math.floor(world().chance.next() * 16).toString(16)).join('');
}

const CLOCKS = {
  now: () => world().running?.monotonicMs ?? world().nowMs,
  get timeOrigin() {
    return world().running?.timeOriginMs ?? world().wallMs;
  },
};

const CHANCE = {
  randomUUID: () => {
    const uuid = `${hex(8)}-0000-4000-8000-${hex(12)}`;
    world().tokens.set(uuid, world().running);
    return uuid;
  },
  randomBytes: (size: number) => Buffer.from(hex(2 * size), 'hex'),
};

/**
 * Puts virtual time and seeded chance in the place of the platform's, for all that this process runs from now on. The
 * library takes both where it uses them, so nothing is handed to it.
 */
export function replaceGlobals(): void {
  const replace = (name: string, value: unknown): void => {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  };
  replace('performance', CLOCKS);
  Object.assign(crypto, CHANCE);
  replace('setTimeout', (run: (...args: unknown[]) => void, ms = 1, ...args: unknown[]) =>
    handleOf(world().timer(Number(ms), () => run(...args))),
  );
  replace('clearTimeout', cancel);
  replace('setImmediate', (run: (...args: unknown[]) => void, ...args: unknown[]) =>
    handleOf(world().immediate(() => run(...args))),
  );
  replace('clearImmediate', cancel);
  Date.now = () => world().running?.wallMs ?? world().wallMs;
  Math.random = () => world().chance.next();
}

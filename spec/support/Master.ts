/**
 * One Redis master of the bench. Each source of masters plays the same faults on it, by what that source can reach: the
 * process, the container, or the connection.
 */
export interface Master {
  readonly host: string;
  readonly port: number;
  /** `redis://host:port`, with the password where the master was started with `--requirepass`. */
  readonly uri: string;
  /** Sends one command on a plain connection of its own; rejects with the reply's or the socket's error. */
  command(...args: readonly (string | number)[]): Promise<unknown>;
  /** Freezes the master: connections stay open, nothing answers. */
  pause(): Promise<void>;
  /** Thaws it; what it was sent meanwhile is run. Does nothing where it is not paused. */
  resume(): Promise<void>;
  /** Ends it without warning; resolves when it is gone. Does nothing where it is dead. */
  kill(): Promise<void>;
  /** Brings a dead master back on its port with what it had persisted. Does nothing where it runs. */
  start(): Promise<void>;
  /** {@link Master.kill} and {@link Master.start}. */
  restart(): Promise<void>;
  /** As {@link Master.restart}, without anything that it had persisted. */
  restartEmpty(): Promise<void>;
  /** Ends it for good, in whatever state it is, and leaves nothing behind. */
  stop(): Promise<void>;
}

/** How the masters of one set are to be started. */
export interface MasterOptions {
  /**
   * What redis-server takes on its command line, for example `['--appendonly', 'yes']`. Without any, nothing is
   * persisted and no password asked for.
   */
  readonly args?: readonly string[];
}

/** Arguments that start a master bound to this machine, without a password and without persistence. */
export const BARE_ARGS: readonly string[] = ['--save', '', '--appendonly', 'no', '--protected-mode', 'no'];

/** The settings that command line arguments stand for, as `CONFIG SET` takes them. */
export function settingsOf(args: readonly string[]): ReadonlyMap<string, string> {
  const settings = new Map<string, string>();
  let name = '';
  for (const arg of args) {
    if (arg.startsWith('--')) settings.set((name = arg.slice(2)), '');
    else settings.set(name, `${settings.get(name) ?? ''} ${arg}`.trim());
  }
  return settings;
}

/** The uri of a master on this machine. */
export function uriOf(port: number, password?: string): string {
  return password === undefined
    ? `redis://127.0.0.1:${port}`
    : `redis://:${encodeURIComponent(password)}@127.0.0.1:${port}`;
}

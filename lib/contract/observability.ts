import type { IContext } from './Context';

/** How much a message weighs; the numbers of Pip.Services v4. */
export const LogLevel = { None: 0, Fatal: 1, Error: 2, Warn: 3, Info: 4, Debug: 5, Trace: 6 } as const;

/** One of the numbers in {@link LogLevel}. */
export type LogLevel = (typeof LogLevel)[keyof typeof LogLevel];

/** Takes messages for people. `%s` and its like in a message stand for the arguments after it. */
export interface ILogger {
  log(level: LogLevel, context: IContext, error: Error, message: string, ...args: unknown[]): void;
  fatal(context: IContext, error: Error, message: string, ...args: unknown[]): void;
  error(context: IContext, error: Error, message: string, ...args: unknown[]): void;
  warn(context: IContext, message: string, ...args: unknown[]): void;
  info(context: IContext, message: string, ...args: unknown[]): void;
  debug(context: IContext, message: string, ...args: unknown[]): void;
  trace(context: IContext, message: string, ...args: unknown[]): void;
}

/** Takes measurements. */
export interface ICounters {
  beginTiming(name: string): { endTiming(): void };
  /** Adds a value to the minimum, maximum and average under a name. */
  stats(name: string, value: number): void;
  /** Keeps the last value under a name. */
  last(name: string, value: number): void;
  timestampNow(name: string): void;
  timestamp(name: string, value: Date): void;
  incrementOne(name: string): void;
  increment(name: string, value: number): void;
}

/** Takes one record for each operation that ended; durations are in ms. */
export interface ITracer {
  trace(context: IContext, component: string, operation: string, duration: number): void;
  failure(context: IContext, component: string, operation: string, error: Error, duration: number): void;
}

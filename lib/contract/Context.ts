/** What Pip.Services v4 passes down a chain of calls: named values, the trace id among them. */
export interface IContext {
  /** @returns the value under this key; nothing (`undefined` or `null`) where there is none. */
  get(key: string): unknown;
}

/** What every public method takes as its context: a context, a trace id, or nothing. */
export type ContextLike = IContext | string | null | undefined;

/** A context that holds the values it was made with. */
export class Context implements IContext {
  readonly #values: ReadonlyMap<string, unknown>;

  /** @param values - the values by key; none when left out */
  constructor(values: Readonly<Record<string, unknown>> = {}) {
    this.#values = new Map(Object.entries(values));
  }

  get(key: string): unknown {
    return this.#values.get(key);
  }

  /** @returns a context that holds this trace id and nothing else. */
  static fromTraceId(traceId: string): Context {
    return new Context({ trace_id: traceId });
  }
}

/** @internal @returns the trace id that a context carries, `undefined` where it carries none: what the exceptions take. */
export function traceIdOf(context: ContextLike): string | undefined {
  // Both spellings are in use; an empty one is no trace id.
  const traceId = isContext(context) ? context.get('trace_id') || context.get('traceId') : context;
  return typeof traceId === 'string' && traceId !== '' ? traceId : undefined;
}

/**
 * What is handed on to components of Pip.Services, which know contexts only: a trace id becomes a {@link Context} that
 * carries it, nothing becomes an empty one.
 *
 * @internal
 */
export function contextOf(context: ContextLike): IContext {
  if (typeof context === 'string') return Context.fromTraceId(context);
  return isContext(context) ? context : new Context();
}

/** What callers without types pass as a context may be anything. */
function isContext(context: ContextLike): context is IContext {
  return typeof (context as Partial<IContext> | null | undefined)?.get === 'function';
}

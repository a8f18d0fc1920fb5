import type { ContextLike } from '../contract/Context';
import { closed, notOpened } from './errors';
import type { Session } from './Session';

type State =
  | { readonly kind: 'closed' }
  | { readonly kind: 'opening'; readonly opened: Promise<Session>; readonly cancel: AbortController }
  | { readonly kind: 'open'; readonly session: Session }
  | { readonly kind: 'closing'; readonly closed: Promise<void>; readonly session: Session | null };

/** Opened and closed in any order and at any time, with one outcome each. */
export class Lifecycle {
  #state: State = { kind: 'closed' };

  /** What was opened; null while it is not open. */
  get session(): Session | null {
    return this.#state.kind === 'open' ? this.#state.session : null;
  }

  /** @throws NOT_OPENED */
  sessionFor(context: ContextLike): Session {
    if (this.#state.kind !== 'open') throw notOpened(context);
    return this.#state.session;
  }

  /** What holds locks by key: what was opened, also while its `close` waits for them to be given back. */
  get holding(): Session | null {
    const state = this.#state;
    return state.kind === 'closing' && state.session?.isDraining === true ? state.session : this.session;
  }

  /**
   * What is held may be given back also while `close` waits for that.
   *
   * @throws NOT_OPENED
   */
  sessionToRelease(context: ContextLike): Session {
    return this.holding ?? this.sessionFor(context);
  }

  /**
   * Opening what is open does nothing; opening what closes waits for that first.
   *
   * @param begin opens a session, and stops with the signal's reason when that fires
   * @throws CLOSED when it is closed meanwhile
   */
  async open(begin: (signal: AbortSignal) => Promise<Session>): Promise<void> {
    while (this.#state.kind === 'closing') await this.#state.closed;
    if (this.#state.kind === 'open') return;
    if (this.#state.kind === 'opening') {
      const { opened, cancel } = this.#state;
      await opened;
      return cancel.signal.throwIfAborted();
    }
    const cancel = new AbortController();
    const opened = begin(cancel.signal);
    const opening: State = { kind: 'opening', opened, cancel };
    this.#state = opening;
    const next = await opened.then(
      (session): State => ({ kind: 'open', session }),
      (): State => ({ kind: 'closed' }),
    );
    // A close that came meanwhile has taken over.
    if (this.#state === opening) this.#state = next;
    await opened;
    cancel.signal.throwIfAborted();
  }

  /** Closing twice is fine, and so is closing what was never opened. */
  async close(context: ContextLike, drainMs: number): Promise<void> {
    const state = this.#state;
    switch (state.kind) {
      case 'closed':
        return;
      case 'closing':
        return state.closed;
      case 'opening':
        state.cancel.abort(closed(context));
        return this.#end(
          state.opened.then(
            (session) => session.close(),
            () => {},
          ),
          null,
        );
      case 'open':
        return this.#end(state.session.close(drainMs), state.session);
    }
  }

  #end(work: Promise<void>, session: Session | null): Promise<void> {
    const ended = work.finally(() => (this.#state = { kind: 'closed' }));
    this.#state = { kind: 'closing', closed: ended, session };
    return ended;
  }
}

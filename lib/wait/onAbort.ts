const listeners = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls back when the signal fires. Whoever shares a signal shares one listener: Node warns of more than ten, and looks
 * through all of them whenever one is added or removed.
 *
 * @returns what takes it back
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const callbacks = listeners.get(signal) ?? listen(signal);
  callbacks.add(callback);
  return () => callbacks.delete(callback);
}

/** The listener stays for as long as the signal does, and holds nothing while nobody waits. */
function listen(signal: AbortSignal): Set<() => void> {
  const callbacks = new Set<() => void>();
  listeners.set(signal, callbacks);
  const fire = (): void => {
    for (const callback of [...callbacks]) callback();
  };
  signal.addEventListener('abort', fire, { once: true });
  return callbacks;
}

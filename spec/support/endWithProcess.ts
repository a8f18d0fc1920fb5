const endings = new Set<() => void>();
let hooked = false;

/**
 * Has `ending` called, synchronously, when this process ends by itself, by `process.exit` or by a signal that can be
 * caught, so that what was started for a run never outlives it. What was begun last ends first: a process before the
 * folder that it was given to write to.
 *
 * @returns a function that takes it back
 */
export function endWithProcess(ending: () => void): () => void {
  if (!hooked) {
    hooked = true;
    process.on('exit', endAll);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => endBySignal(signal));
  }
  endings.add(ending);
  return () => endings.delete(ending);
}

/** An ending that fails keeps none of the others from its turn; the process then ends by its error. */
function endAll(): void {
  const ending = [...endings].at(-1);
  if (!ending) return;
  endings.delete(ending);
  try {
    ending();
  } finally {
    endAll();
  }
}

function endBySignal(signal: NodeJS.Signals): void {
  // Where someone else listens (mocha on SIGINT), the end of the process is theirs to decide, and comes by 'exit'.
  if (process.listenerCount(signal) > 0) return;
  endAll();
  process.kill(process.pid, signal);
}

/**
 * A timer that takes one more look before it decides. After a stall of this process timers run before sockets are read:
 * what is waited for may be waiting there.
 *
 * @returns what takes it back
 */
export function afterLastLook(ms: number, decide: () => void): () => void {
  let lastLook: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => (lastLook = setImmediate(decide)), ms);
  return () => {
    clearTimeout(timer);
    clearImmediate(lastLook);
  };
}

/**
 * The machine's monotonic clock, in ms. Every process of this machine reads the same one (CLOCK_MONOTONIC on Linux), so
 * that moments which different processes wrote down can be compared.
 */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

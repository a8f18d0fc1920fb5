import type { Schedule, Step } from './Step';

/** A schedule as a person can follow it. */
export function describeSchedule({ seed, masters, clients, latencyMs, steps }: Schedule): string {
  const head = `${masters} masters, ${clients} clients, about ${latencyMs} ms apart, chance ${seed}`;
  let atMs = 0;
  const lines = steps.map((step) => {
    atMs += step.afterMs;
    return `  ${String(atMs).padStart(6)} ms  ${describeStep(step, masters, clients)}`;
  });
  return [head, ...lines].join('\n');
}

function describeStep(step: Step, masters: number, clients: number): string {
  const parts = Object.entries(step).filter(([name]) => name !== 'afterMs' && name !== 'kind');
  const words = parts.map(([name, value]: [string, unknown]) => {
    if (name === 'client' || name === 'to') return `${name} c${Number(value) % clients}`;
    if (name === 'master') return `m${Number(value) % masters}`;
    return `${name} ${value === null ? 'none' : JSON.stringify(value).replaceAll('"', '')}`;
  });
  return [step.kind, ...words].join(', ');
}

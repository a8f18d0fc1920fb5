/**
 * The arguments that let node run a file of TypeScript. tsx has two halves, and all that is started here is CommonJS:
 * without the half for ES modules, which is a thread of its own, a process is on its way in half the time.
 */
export const TYPESCRIPT: readonly string[] = ['--require', require.resolve('tsx/cjs')];

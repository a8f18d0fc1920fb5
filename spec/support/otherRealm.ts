import { readFileSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { dirname } from 'node:path';
import { createContext, runInContext, type Context } from 'node:vm';
import ts from 'typescript';

interface Loaded {
  exports: unknown;
}

/**
 * Loads a module, and all that it imports, into a context of its own, as the test runners that isolate their files do:
 * the code has its own `Error` and `Promise`, while Node's modules keep theirs.
 */
export function loadInOtherRealm<T>(file: string): T {
  const context = createContext({});
  const known = new Set(runInContext('Object.getOwnPropertyNames(globalThis)', context) as string[]);
  // What belongs to Node and not to the language is handed in.
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    if (!known.has(name)) context[name] = (globalThis as Record<string, unknown>)[name];
  }
  context['global'] = runInContext('globalThis', context) as unknown;
  return loadInto(context, new Map(), file) as T;
}

function loadInto(context: Context, cache: Map<string, Loaded>, file: string): unknown {
  const cached = cache.get(file);
  if (cached !== undefined) return cached.exports;
  const module: Loaded = { exports: {} };
  cache.set(file, module);
  const text = readFileSync(file, 'utf8');
  if (file.endsWith('.json')) return (module.exports = JSON.parse(text));
  const resolver = createRequire(file);
  const load = (name: string): unknown => {
    if (isBuiltin(name)) return resolver(name) as unknown;
    return loadInto(context, cache, resolver.resolve(name));
  };
  const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022, esModuleInterop: true };
  const code = file.endsWith('.ts') ? ts.transpileModule(text, { compilerOptions }).outputText : text;
  const wrapped = `(function (exports, require, module, __filename, __dirname) {${code}\n})`;
  const run = runInContext(wrapped, context, { filename: file }) as (...args: unknown[]) => void;
  run(module.exports, load, module, file, dirname(file));
  return module.exports;
}

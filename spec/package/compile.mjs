/** A consumer's compiler: what an application with strict settings gets from our declarations. */
import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';
import { TYPESCRIPT } from './consumer.mjs';
import { demand } from './demand.mjs';

/** The other ways of resolution are checked with several compilers. */
export const MODULE_SETTINGS = [
  { name: 'node16', module: ts.ModuleKind.Node16, moduleResolution: ts.ModuleResolutionKind.Node16 },
];

/**
 * `skipLibCheck` stays off, so that an error inside our declarations counts; errors in other packages' declarations are
 * theirs. The Node types come from this project, the rest from what was installed with the tarball.
 */
export function checkCompile(project, packageName, typeRoot, { name, ...settings }) {
  const consumers = ['cts', 'mts'].map((ending) => join(project, `consumer-${name}.${ending}`));
  for (const consumer of consumers) writeFileSync(consumer, TYPESCRIPT);
  const program = ts.createProgram(consumers, {
    ...settings,
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2022.d.ts'],
    strict: true,
    skipLibCheck: false,
    noEmit: true,
    types: ['node'],
    typeRoots: [typeRoot],
  });
  const isOurs = ({ file }) => {
    const parts = file === undefined ? [] : relative(project, file.fileName).split('/');
    const [first, second] = parts;
    if (first === '..' || parts.lastIndexOf('node_modules') > 0) return false;
    return first !== 'node_modules' || second === packageName;
  };
  const errors = ts.getPreEmitDiagnostics(program).filter(isOurs);
  const host = { getCurrentDirectory: () => project, getCanonicalFileName: (file) => file, getNewLine: () => '\n' };
  demand(errors.length === 0, `a consumer does not compile\n${ts.formatDiagnostics(errors, host)}`.trimEnd());
}

import { join, posix } from 'node:path';
import { expect } from 'chai';
import ts from 'typescript';

const ROOT = join(__dirname, '..', '..', '..');
const LIB = join(ROOT, 'lib');

/** What the build emits for each file of `lib`, by its path below it, without an ending. */
function emitDeclarations(): ReadonlyMap<string, string> {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.build.json'), ts.sys.readFile.bind(ts.sys)) as {
    config: object;
  };
  const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  const program = ts.createProgram(fileNames, { ...options, outDir: LIB, emitDeclarationOnly: true });
  const emitted = new Map<string, string>();
  program.emit(undefined, (file, text) => {
    if (file.endsWith('.d.ts')) emitted.set(posix.relative(LIB, file).slice(0, -'.d.ts'.length), text);
  });
  return emitted;
}

function reachableFrom(start: string, emitted: ReadonlyMap<string, string>): ReadonlyMap<string, readonly string[]> {
  const reached = new Map<string, readonly string[]>();
  const open = [start];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (reached.has(file)) continue;
    const imports = ts.preProcessFile(emitted.get(file) ?? '').importedFiles.map(({ fileName }) => fileName);
    reached.set(file, imports);
    const folder = posix.dirname(file);
    open.push(...imports.filter((name) => name.startsWith('.')).map((name) => posix.join(folder, name)));
  }
  return reached;
}

function namesIn(text: string): readonly string[] {
  return ts.createSourceFile('x.d.ts', text, ts.ScriptTarget.Latest).statements.flatMap((statement) => {
    if (ts.isExportDeclaration(statement)) {
      const clause = statement.exportClause;
      return clause !== undefined && ts.isNamedExports(clause) ? clause.elements.map(({ name }) => name.text) : [];
    }
    if (ts.isVariableStatement(statement)) {
      return statement.declarationList.declarations.map(({ name }) => (ts.isIdentifier(name) ? name.text : ''));
    }
    const { name } = statement as Partial<ts.DeclarationStatement>;
    const isExported =
      (ts.getCombinedModifierFlags(statement as ts.Declaration & ts.Statement) & ts.ModifierFlags.Export) !== 0;
    return isExported && name !== undefined && ts.isIdentifier(name) ? [name.text] : [];
  });
}

describe('The declarations that the build emits', function () {
  this.timeout(300_000);
  let emitted: ReadonlyMap<string, string>;
  let reached: ReadonlyMap<string, readonly string[]>;

  before(() => {
    emitted = emitDeclarations();
    reached = reachableFrom('index', emitted);
  });

  it('reach these files from the entry, and no internal one', () => {
    expect([...reached.keys()].sort()).to.deep.equal([
      'build/DefaultRedlockFactory',
      'config/RedisLockConfig',
      'contract/CancelSignal',
      'contract/ConfigParams',
      'contract/Context',
      'contract/Descriptor',
      'contract/ErrorCode',
      'contract/References',
      'contract/component',
      'contract/connect',
      'contract/isLockError',
      'contract/observability',
      'index',
      'lease/HandedOver',
      'lease/Lease',
      'lease/ReleaseOutcome',
      'lock/ILock',
      'lock/LeaseOptions',
      'lock/Lock',
      'lock/LockStatus',
      'lock/RedisLock',
    ]);
  });

  it('hold no name that the entry does not export', () => {
    const exported = namesIn(emitted.get('index') ?? '');
    const hidden = [...reached.keys()].flatMap((file) =>
      namesIn(emitted.get(file) ?? '')
        .filter((name) => !exported.includes(name))
        .map((name) => `${file}: ${name}`),
    );

    expect(exported).to.include.members(['RedisLock', 'Lease', 'isLockError']);
    expect(hidden).to.deep.equal([]);
  });

  it("need the exceptions' package and nothing else, so that they compile without the types of Node", () => {
    const packages = [...reached.values()].flat().filter((name) => !name.startsWith('.'));
    const globals = [...reached.keys()].filter((file) =>
      /\bAbortSignal;|\bBuffer\b|\bNodeJS\b/.test(emitted.get(file) ?? ''),
    );

    expect([...new Set(packages)]).to.deep.equal(['pip-services4-commons-node']);
    expect(globals).to.deep.equal([]);
  });
});

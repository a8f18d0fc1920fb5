import { expect } from 'chai';
import { join } from 'node:path';
import ts from 'typescript';

const ROOT = join(__dirname, '../../..');
/** "Could not find a declaration file for module". */
const NO_DECLARATION = 7016;
const PROBE = `import Redlock from 'redlock';\nexport const made: unknown = Redlock;\n`;
const DECLARATIONS = join(ROOT, 'node_modules/redlock/dist/index.d.ts');

const RESOLUTIONS = [
  {
    name: 'nodenext',
    ending: 'mts',
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
  },
  {
    name: 'nodenext',
    ending: 'cts',
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
  },
  { name: 'bundler', ending: 'ts', module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler },
] as const;

const parsed = new Map<string, ts.SourceFile | undefined>();

/** A host for which each file is parsed once: the programs here read the same hundreds of declarations. */
function createHost(settings: ts.CompilerOptions): ts.CompilerHost {
  const host = ts.createCompilerHost(settings);
  return {
    ...host,
    getSourceFile: (path, language) => {
      // A file is parsed otherwise where it stands for another kind of module.
      const key = `${path} ${JSON.stringify(language)}`;
      if (!parsed.has(key)) parsed.set(key, host.getSourceFile(path, language));
      return parsed.get(key);
    },
  };
}

/** What the compiler says of a file that imports redlock; the file is in memory only, at the root of the project. */
function errorsOf(ending: string, settings: ts.CompilerOptions): readonly number[] {
  // With the target of the build, so that its programs can use what is parsed for these.
  const common = { target: ts.ScriptTarget.ES2022, lib: ['lib.es5.d.ts'], strict: true, noEmit: true, types: [] };
  const options = { ...settings, ...common };
  const probe = join(ROOT, `probe.${ending}`);
  const host = createHost(options);
  const program = ts.createProgram([probe], options, {
    ...host,
    fileExists: (path) => path === probe || host.fileExists(path),
    readFile: (path) => (path === probe ? PROBE : host.readFile(path)),
    getSourceFile: (path, language) =>
      path === probe ? ts.createSourceFile(path, PROBE, language) : host.getSourceFile(path, language),
  });
  return program.getSemanticDiagnostics(program.getSourceFile(probe)).map(({ code }) => code);
}

describe('The types of redlock, and those of the lock', function () {
  // The compiler reads hundreds of files of declarations.
  this.timeout(300_000);

  after(() => parsed.clear());

  for (const { name, ending, ...settings } of RESOLUTIONS) {
    it(`upstream: its exports have no types, TS7016 under ${name} (.${ending})`, () => {
      expect(errorsOf(ending, settings)).to.eql([NO_DECLARATION]);
    });
  }

  it('upstream: the declarations are there, and a path to them is all that is missing', () => {
    const [settings] = RESOLUTIONS;

    expect(ts.sys.fileExists(DECLARATIONS)).to.equal(true);
    expect(errorsOf('mts', { ...settings, paths: { redlock: [DECLARATIONS] } })).to.eql([]);
  });

  describe('here', () => {
    let options: ts.CompilerOptions;
    let files: readonly string[];

    before(() => {
      const read = ts.readConfigFile(join(ROOT, 'tsconfig.build.json'), (path) => ts.sys.readFile(path));
      ({ options, fileNames: files } = ts.parseJsonConfigFileContent(read.config, ts.sys, ROOT));
    });

    it('the build would fail without such a path', () => {
      const { paths, ...without } = options;
      const program = ts.createProgram(files, without, createHost(without));
      const errors = program.getSemanticDiagnostics(program.getSourceFile(join(ROOT, 'lib/quorum/RedlockRunner.ts')));

      expect(Object.keys(paths ?? {})).to.eql(['redlock']);
      expect(errors.map(({ code }) => code)).to.include(NO_DECLARATION);
    });

    it('no declaration that it emits names redlock or ioredis', () => {
      const declarations = new Map<string, string>();
      // Whether the types fit is not what is asked, and takes most of the time.
      const settings = { ...options, noCheck: true };
      const program = ts.createProgram(files, settings, createHost(settings));
      program.emit(undefined, (path, text) => declarations.set(path, text), undefined, true);

      expect([...declarations.keys()]).to.include(join(ROOT, 'dist/quorum/RedlockRunner.d.ts'));
      const isNaming = /\b(?:from|import|require|types)\s*[(=]?\s*['"](?:redlock|ioredis)['"/]/;
      expect([...declarations].filter(([, text]) => isNaming.test(text)).map(([path]) => path)).to.eql([]);
    });
  });
});

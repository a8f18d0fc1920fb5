import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';
import { ROOT, type Block } from './readme';

const PACKAGE = 'pip-services4-redlock-node';
const LIMIT_MS = 30_000;
const CONFIG = 'tsconfig.json';

/** What a program left behind it. */
export interface Run {
  readonly output: readonly string[];
  /** Warnings of the process among them. */
  readonly errors: string;
}

/**
 * Blocks of TypeScript as programs, in a folder that looks like a user's: the package goes by its name, and only what it
 * exports can be reached.
 */
export class Programs {
  private readonly folder = mkdtempSync(join(tmpdir(), 'readme-'));

  constructor() {
    symlinkSync(join(ROOT, 'node_modules'), join(this.folder, 'node_modules'));
    const paths = {
      [PACKAGE]: [join(ROOT, 'lib', 'index.ts')],
      redlock: [join(ROOT, 'node_modules', 'redlock', 'dist', 'index')],
    };
    const compilerOptions = { paths, types: ['node'], typeRoots: [join(ROOT, 'node_modules', '@types')] };
    const config = { extends: join(ROOT, CONFIG), compilerOptions, include: ['*.mts'] };
    writeFileSync(join(this.folder, CONFIG), JSON.stringify(config));
  }

  /** What the compiler has to say against the blocks, each with its line in the README. The library is not checked. */
  check(blocks: readonly Block[]): readonly string[] {
    const files = new Map(blocks.map((block) => [this.write(block), block]));
    const { config } = ts.readConfigFile(join(this.folder, CONFIG), ts.sys.readFile.bind(ts.sys)) as { config: object };
    const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, this.folder);
    const program = ts.createProgram(fileNames, options);
    return [...files].flatMap(([path, block]) => {
      const source = program.getSourceFile(path);
      const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
      return found.map(({ start = 0, messageText }) => {
        const { line } = ts.getLineAndCharacterOfPosition(source as ts.SourceFile, start);
        return `README.md:${block.line + line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
      });
    });
  }

  /**
   * Runs a block to the end of its process, which it has to find by itself.
   *
   * @throws Error with its output when it fails
   */
  async run(block: Block): Promise<Run> {
    const loader = pathToFileURL(require.resolve('tsx')).href;
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--import', loader, this.write(block)], {
      cwd: this.folder,
      env: { ...process.env, TSX_TSCONFIG_PATH: join(this.folder, CONFIG) },
      timeout: LIMIT_MS,
      killSignal: 'SIGKILL',
    });
    return { output: stdout.trimEnd().split('\n'), errors: stderr };
  }

  /** Removes the folder. */
  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private write({ line, text }: Block): string {
    const path = join(this.folder, `line-${line}.mts`);
    writeFileSync(path, text);
    return path;
  }
}

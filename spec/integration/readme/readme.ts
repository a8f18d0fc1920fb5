import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where the project lies. */
export const ROOT = join(__dirname, '..', '..', '..');

/** The README as it stands. */
export const README = readFileSync(join(ROOT, 'README.md'), 'utf8');

/** The page for whoever works on the library; it is not shipped. */
export const CONTRIBUTING = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');

/** A fenced block of code. */
export interface Block {
  readonly language: string;
  readonly text: string;
  /** The line of the README that its first line of code stands on. */
  readonly line: number;
}

/** One row of a table, by column. */
export type Row = Readonly<Record<string, string>>;

/** Every fenced block, from the top. */
export function blocksOf(markdown: string): readonly Block[] {
  const blocks: Block[] = [];
  let open: { language: string; line: number; lines: string[] } | null = null;
  for (const [index, line] of markdown.split('\n').entries()) {
    const fence = /^```(\S*)$/.exec(line);
    if (open === null) {
      if (fence !== null) open = { language: fence[1] ?? '', line: index + 2, lines: [] };
    } else if (fence === null) {
      open.lines.push(line);
    } else {
      blocks.push({ language: open.language, line: open.line, text: open.lines.join('\n') });
      open = null;
    }
  }
  if (open !== null) throw new Error(`the block at line ${open.line} has no end`);
  return blocks;
}

/**
 * The rows of the one table below a heading that has these columns.
 *
 * @throws Error when there is none
 */
export function tableOf(markdown: string, ...columns: readonly string[]): readonly Row[] {
  const lines = markdown.split('\n');
  const header = lines.findIndex((line) => isSame(cellsOf(line), columns));
  if (header < 0) throw new Error(`there is no table of ${columns.join(', ')}`);
  const rest = lines.slice(header + 2);
  const end = rest.findIndex((line) => !line.startsWith('|'));
  return rest
    .slice(0, end < 0 ? rest.length : end)
    .map((line) => Object.fromEntries(cellsOf(line).map((cell, index) => [columns[index] ?? '', cell])));
}

/** The words between backticks. */
export function codeIn(cell: string): readonly string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}

/** Whether a row says that what it describes is not there yet. */
export function isReserved(row: Row): boolean {
  return Object.values(row).some((cell) => cell.startsWith('reserved: '));
}

/** The sources of the library outside of some of its files. */
export function libWithout(excluded: string): string {
  const files = readdirSync(join(ROOT, 'lib'), { recursive: true, encoding: 'utf8' });
  const sources = files.filter((file) => file.endsWith('.ts') && !file.startsWith(excluded));
  return sources.map((file) => readFileSync(join(ROOT, 'lib', file), 'utf8')).join('\n');
}

function cellsOf(line: string): readonly string[] {
  if (!line.startsWith('|')) return [];
  const cells = line.split('|').slice(1, -1);
  return cells.map((cell) => cell.trim());
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((text, index) => text === others[index]);
}

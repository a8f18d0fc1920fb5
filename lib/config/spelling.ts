import type { Section } from './Section';

/** `retryTimeout`, `retry-timeout` and `RETRY_TIMEOUT` are all meant as `retry_timeout`. */
export function spellingOf(key: string): string {
  return key.toLowerCase().replace(/[^a-z0-9.]/g, '');
}

/** A longer key is a misspelling of none, and would take its time. */
const LONGEST = 64;

/** @returns the known key that a misspelt one stands for: the one with the fewest mistakes, one for each four letters. */
export function meantBy(key: string, known: readonly string[]): string | null {
  const spelling = spellingOf(key);
  const same = known.find((name) => spellingOf(name) === spelling);
  if (same !== undefined) return same;
  if (spelling.length < 3 || spelling.length > LONGEST) return null;
  const most = Math.max(1, Math.floor(spelling.length / 4));
  const mistakes = known.map((name) => mistakesBetween(spelling, spellingOf(name)));
  const fewest = Math.min(...mistakes);
  return fewest <= most ? (known[mistakes.indexOf(fewest)] ?? null) : null;
}

/** @returns a sentence that asks whether a key that nobody knows was meant as another one. */
export function hintFor(section: Section, misspelt: string, meant: string): string {
  return `. ${section.keyOf(misspelt)} is not known: did you mean \`${meant}\`?`;
}

/** How many letters are missing, too many, wrong, or in the place of their neighbour. */
function mistakesBetween(one: string, other: string): number {
  const rows: number[][] = [];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? Infinity;
  for (let i = 0; i <= one.length; i++) {
    const row: number[] = [];
    rows.push(row);
    for (let j = 0; j <= other.length; j++) {
      if (i === 0 || j === 0) {
        row.push(i + j);
        continue;
      }
      const isSame = one[i - 1] === other[j - 1];
      const isSwapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      row.push(
        Math.min(
          at(i - 1, j) + 1,
          at(i, j - 1) + 1,
          at(i - 1, j - 1) + (isSame ? 0 : 1),
          isSwapped ? at(i - 2, j - 2) + 1 : Infinity,
        ),
      );
    }
  }
  return at(one.length, other.length);
}

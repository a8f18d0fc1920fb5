/** As C's `%.<digits>g` writes it, which Lua and Redis use: not as JavaScript does from 1e14 or 1e17 on. */
export function general(value: number, digits: number): string {
  if (!Number.isFinite(value)) return unlimited(value);
  const [mantissa = '', power = ''] = value.toExponential(digits - 1).split('e');
  const exponent = Number(power);
  const sign = Object.is(value, -0) ? '-' : '';
  if (exponent >= -4 && exponent < digits) return sign + withoutZeros(value.toFixed(digits - 1 - exponent));
  return `${withoutZeros(mantissa)}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

/** As C's `%.0f` writes it: all its digits, and a half to the even side. */
export function whole(value: number): string {
  if (!Number.isFinite(value)) return unlimited(value);
  const down = Math.floor(value);
  const part = value - down;
  const rounded = part > 0.5 || (part === 0.5 && down % 2 !== 0) ? down + 1 : down;
  const isNegative = value < 0 || Object.is(value, -0);
  return `${isNegative ? '-' : ''}${BigInt(Math.abs(rounded))}`;
}

/** The number in a text as C's `strtod` reads it; undefined where the text is none. */
export function parsed(text: string): number | undefined {
  const trimmed = text.trim();
  if (!/^[+-]?(0x[\da-f]+|(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf(inity)?|nan)$/i.test(trimmed)) return undefined;
  const size = trimmed.replace(/^[+-]/, '').toLowerCase();
  const value = size.startsWith('inf') ? Infinity : Number(size);
  return trimmed.startsWith('-') ? -value : value;
}

function unlimited(value: number): string {
  if (Number.isNaN(value)) return '-nan';
  return value > 0 ? 'inf' : '-inf';
}

function withoutZeros(digits: string): string {
  return digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits;
}

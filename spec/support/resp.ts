/** An error that a master replied with, as opposed to one of the connection. */
export class ReplyError extends Error {
  override readonly name = 'ReplyError';
}

/** One reply and where the next one starts. */
export interface Parsed {
  readonly value: unknown;
  readonly end: number;
}

/** Encodes a command as RESP, an array of bulk strings. */
export function encodeCommand(args: readonly (string | number)[]): Buffer {
  const parts = args.map(String).map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`);
  return Buffer.from(`*${parts.length}\r\n${parts.join('')}`);
}

/**
 * Reads one RESP2 reply from `bytes`, starting at `start`; an error reply is a {@link ReplyError} as a value.
 *
 * @returns null while the reply is not complete
 */
export function parseReply(bytes: Buffer, start = 0): Parsed | null {
  const lineEnd = bytes.indexOf('\r\n', start);
  if (lineEnd < 0) return null;
  const line = bytes.toString('utf8', start + 1, lineEnd);
  const end = lineEnd + 2;
  const type = String.fromCharCode(bytes[start] ?? 0);
  switch (type) {
    case '+':
      return { value: line, end };
    case '-':
      return { value: new ReplyError(line), end };
    case ':':
      return { value: Number(line), end };
    case '$':
      return parseBulk(bytes, Number(line), end);
    case '*':
      return parseArray(bytes, Number(line), end);
    default:
      throw new Error(`not a RESP2 reply: ${JSON.stringify(type + line)}`);
  }
}

function parseBulk(bytes: Buffer, length: number, start: number): Parsed | null {
  if (length < 0) return { value: null, end: start };
  const end = start + length + 2;
  return bytes.length < end ? null : { value: bytes.toString('utf8', start, end - 2), end };
}

function parseArray(bytes: Buffer, length: number, start: number): Parsed | null {
  if (length < 0) return { value: null, end: start };
  const value: unknown[] = [];
  let end = start;
  while (value.length < length) {
    const item = parseReply(bytes, end);
    if (!item) return null;
    value.push(item.value);
    end = item.end;
  }
  return { value, end };
}

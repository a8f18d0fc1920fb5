import { Refused, type Reply } from './commands';

/** What a server sends that no command asked for. */
export interface Push {
  readonly pushed: readonly Reply[];
}

/** Encodes what a server sends, in RESP3. */
export function encode(reply: Reply | Push | Refused): string {
  if (reply instanceof Refused) return `-${reply.message}\r\n`;
  if (reply === null) return '_\r\n';
  if (typeof reply === 'number') return `:${reply}\r\n`;
  if (typeof reply === 'string') return `$${Buffer.byteLength(reply)}\r\n${reply}\r\n`;
  if ('pushed' in reply) return `>${reply.pushed.length}\r\n${reply.pushed.map(encode).join('')}`;
  if ('ok' in reply) return `+${reply.ok}\r\n`;
  return `*${reply.length}\r\n${reply.map(encode).join('')}`;
}

/** Reads the commands in one piece of what a client has written, which never ends within one. */
export function decode(text: string): readonly (readonly string[])[] {
  const commands: string[][] = [];
  let at = 0;
  const line = (): string => {
    const end = text.indexOf('\r\n', at);
    const found = text.slice(at + 1, end);
    at = end + 2;
    return found;
  };
  while (at < text.length) {
    const words: string[] = [];
    for (let left = Number(line()); left > 0; left -= 1) {
      // Simulated commands are ASCII: as many characters as bytes.
      const length = Number(line());
      words.push(text.slice(at, at + length));
      at += length + 2;
    }
    commands.push(words);
  }
  return commands;
}

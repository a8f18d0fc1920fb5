import { createHash } from 'node:crypto';

/** A Lua script and the SHA-1 that EVALSHA knows it by. */
export interface Script {
  readonly source: string;
  readonly sha: string;
}

/** What a script takes beside its keys, as redlock hands it over. */
export type Argument = string | number;

/** Names a Lua source by its SHA-1, as Redis does. */
export function script(source: string): Script {
  return { source, sha: createHash('sha1').update(source).digest('hex') };
}

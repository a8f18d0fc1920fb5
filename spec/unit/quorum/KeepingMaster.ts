import { MasterError } from '../../../lib/master/MasterError';
import type { Argument } from '../../../lib/master/Script';
import { Refusal } from '../../../lib/quorum/scripts';

/** What the scripts do. */
export type Command = 'acquire' | 'extend' | 'release' | 'verify';

/** A master that keeps locks as Redis does, and may be out of reach. */
export class KeepingMaster {
  readonly tokens = new Map<string, string>();
  readonly asked: Command[] = [];
  readonly debts: string[] = [];
  /** Of `cut` nobody knows whether it ran what it was asked; what `late` ones answer is held back. */
  state: 'ready' | 'away' | 'cut' | 'late' = 'ready';
  isQuarantined = false;
  #held: (() => void)[] = [];

  constructor(
    readonly address: string,
    private readonly commandOf: (sha: string) => Command,
  ) {}

  async run(sha: string, numKeys: number, args: readonly Argument[]): Promise<unknown> {
    const command = this.commandOf(sha);
    if (this.state === 'away') throw new MasterError(this.address, 'unreachable', 'refused');
    this.asked.push(command);
    const [token, former = ''] = args.slice(numKeys).filter((arg) => typeof arg === 'string');
    const reply = this.#reply(command, args.slice(0, numKeys).map(String), String(token), former);
    if (this.state === 'cut') throw new MasterError(this.address, 'unreachable', 'reset', true);
    if (this.state === 'late') await new Promise<void>((resolve) => this.#held.push(resolve));
    return reply;
  }

  /** What was held back is answered now. */
  answer(): void {
    this.state = 'ready';
    for (const answer of this.#held.splice(0)) answer();
  }

  owe({ token }: { readonly token: string }, ttlMs: number): void {
    this.debts.push(`${token} for ${ttlMs} ms`);
  }

  quarantined(): void {}

  #reply(command: Command, keys: readonly string[], token: string, former: string): unknown {
    // Of a lock that was taken over.
    for (const key of keys) if (former !== '' && this.tokens.get(key) === former) this.tokens.set(key, token);
    const isOurs = keys.every((key) => this.tokens.get(key) === token);
    switch (command) {
      case 'acquire':
        if (this.isQuarantined) return [Refusal.quarantined, 4711];
        if (!isOurs && keys.some((key) => this.tokens.has(key))) return [Refusal.taken, 500, -1];
        for (const key of keys) this.tokens.set(key, token);
        return keys.length;
      case 'extend':
        return isOurs ? keys.length : 0;
      case 'release':
        if (isOurs) for (const key of keys) this.tokens.delete(key);
        return isOurs ? keys.length : 0;
      case 'verify':
        return isOurs ? 1 : 0;
    }
  }
}

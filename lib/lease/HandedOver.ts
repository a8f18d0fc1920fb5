/** What `adoptLease` needs in another process. It is a secret: whoever has it can release the lock. */
export interface HandedOver {
  readonly keys: readonly string[];
  readonly token: string;
  /** By which tokens it was held before; a master that missed a take-over still knows it by one of them. */
  readonly formerTokens: readonly string[];
  /** In ms. */
  readonly ttl: number;
  /** The longest ttl that any master may have been asked for, in ms. */
  readonly longestTtl: number;
  readonly fencingToken: number | null;
}

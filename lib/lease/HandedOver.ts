/** What `adoptLease` needs in another process. It is a secret: whoever has it can release the lock. */
export interface HandedOver {
  readonly keys: readonly string[];
  readonly token: string;
  /** In ms. */
  readonly ttl: number;
  readonly fencingToken: number | null;
}

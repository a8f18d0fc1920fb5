import type { StringValueMap } from 'pip-services4-commons-node';
import type { IContext } from './Context';

/** A connection as Pip.Services carries it: `host`, `port`, `uri` and whatever else a component reads. */
export type ConnectionParams = StringValueMap;

/** A credential as Pip.Services carries it: `username`, `password` and whatever else a component reads. */
export type CredentialParams = StringValueMap;

/** Knows the connections behind a key. */
export interface IDiscovery {
  register(context: IContext, key: string, connection: ConnectionParams): Promise<ConnectionParams>;
  resolveOne(context: IContext, key: string): Promise<ConnectionParams | null>;
  resolveAll(context: IContext, key: string): Promise<ConnectionParams[]>;
}

/** Knows the credential behind a key. */
export interface ICredentialStore {
  store(context: IContext, key: string, credential: CredentialParams): Promise<void>;
  /** @returns the credential, `null` where this store has none under that key. */
  lookup(context: IContext, key: string): Promise<CredentialParams | null>;
}

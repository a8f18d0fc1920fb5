import type { StringValueMap } from 'pip-services4-commons-node';

/** A setting that is left out: environments and files give it as undefined or null. */
type Absent = null | undefined;
type Text = string | Absent;
/** Environments and YAML files hold numbers as text. */
type Whole = number | string | Absent;
type Flag = boolean | 'true' | 'false' | 'yes' | 'no' | '1' | '0' | Absent;

/** PEM text, the path of a PEM file, the bytes of one, or a list of them. */
type Pem = string | Uint8Array | readonly (string | Uint8Array)[] | Absent;

/** The `tls` of a connection. */
export interface RedisTlsConfig {
  /** False for a connection in the clear. */
  readonly enabled?: Flag;
  /** Who may have signed the server's certificate; Node's list where it is left out. */
  readonly ca?: Pem;
  /** The client's certificate; needs `key`. */
  readonly cert?: Pem;
  /** The client's key; needs `cert`. */
  readonly key?: Pem;
  /** Opens the key. */
  readonly passphrase?: Text;
  /** The name that the server's certificate must carry; the host where it is left out. */
  readonly servername?: Text;
  /** False takes any certificate, so that anybody can stand in for the master; `open` warns of it. Default true. */
  readonly reject_unauthorized?: Flag;
  /** Another name of `reject_unauthorized`. */
  readonly rejectUnauthorized?: Flag;
}

/** One Sentinel of a group, as an alternative to `host:port`. */
export interface RedisSentinelConfig {
  readonly host: string;
  /** 26379 where it is left out. */
  readonly port?: Whole;
}

/** One connection: a master, a key that discovery knows masters by, or a master behind Sentinels. */
export interface RedisConnectionConfig {
  /** A key under which discovery knows one master or many. */
  readonly discovery_key?: Text;
  readonly host?: Text;
  /** Another name of `host`. */
  readonly ip?: Text;
  /** 6379 where it is left out. */
  readonly port?: Whole;
  /** `redis://`, `rediss://` or `unix://`, in place of `host` and `port`. */
  readonly uri?: Text;
  /** Another name of `uri`. */
  readonly url?: Text;
  /** `rediss` turns TLS on. */
  readonly protocol?: Text;
  readonly db?: Whole;
  readonly tls?: Flag | RedisTlsConfig;
  /** Another name of `tls`. */
  readonly ssl?: Flag | RedisTlsConfig;
  /** Turns TLS on. */
  readonly secure?: Flag;
  /** Turns TLS on. */
  readonly use_tls?: Flag;
  /** Turns TLS on. */
  readonly use_ssl?: Flag;
  readonly username?: Text;
  /** Another name of `username`. */
  readonly user?: Text;
  readonly password?: Text;
  /** Another name of `password`. */
  readonly pass?: Text;
  /** The Sentinels of one group, each as `host:port` or a section; a text has commas between them. */
  readonly sentinels?: string | readonly (string | RedisSentinelConfig)[] | Absent;
  /** The name under which the Sentinels know the master. */
  readonly master_name?: Text;
  readonly sentinel_username?: Text;
  readonly sentinel_password?: Text;
}

/** A credential as a function gives it. */
type GivenCredential = { readonly username?: Text; readonly password: string };

/**
 * A function that gives a credential: asked at each `open`, and again where a master refuses the last one. `open` waits
 * for it for 10 s, or for `connect_timeout` where that is longer.
 */
export type RedisCredentialProvider = () => GivenCredential | Promise<GivenCredential>;

/** A credential: who logs in to the masters. */
export interface RedisCredentialConfig {
  /** A key under which a credential store knows it. */
  readonly store_key?: Text;
  readonly username?: Text;
  /** Another name of `username`. */
  readonly user?: Text;
  readonly password?: Text | (() => string | Promise<string>);
  /** Another name of `password`. */
  readonly pass?: Text;
  readonly sentinel_username?: Text;
  readonly sentinel_password?: Text;
}

/** The options of a lock. All times are in ms. */
export interface RedisLockOptions {
  /** Attempts after the first; -1 is without end. Default 3. */
  readonly retries?: Whole;
  /** The pause between two attempts. Default 100. */
  readonly retry_timeout?: Whole;
  /** By how much a pause is longer or shorter at most. Default half of `retry_timeout`. */
  readonly retry_jitter?: Whole;
  /** The part of a ttl that is given up to clocks that run at different rates. Default 0.01. */
  readonly drift_factor?: Whole;
  /** How many masters have to agree, or `'majority'`, which is the default. */
  readonly quorum?: Whole;
  /** How long one master has to answer. Default 500. */
  readonly node_timeout?: Whole;
  /** How long `open` waits for a quorum. Default 2000. */
  readonly connect_timeout?: Whole;
  /** The ttl of `acquire` where none is given. Default 30000. */
  readonly ttl?: Whole;
  /** What is put before every key. Default empty. */
  readonly key_prefix?: Text;
  /** How long a master that lost its memory has no vote; 0 turns the guard off. Default 60000. */
  readonly restart_guard?: Whole;
  /** Whether a release wakes those who wait in other processes. Default true. */
  readonly notify?: Flag;
  /** Whether `close` releases what is held. Default true. */
  readonly release_on_close?: Flag;
}

/** Sections as a list, or by name. */
type Sections<Section> = readonly Section[] | { readonly [name: string]: Section };

/**
 * The configuration of a lock, as a plain object. The keys of one connection may also stand at the top level.
 *
 * ### Example ###
 *
 * ```ts
 * const config: RedisLockConfig = {
 *   connections: ['redis://a:6379', 'redis://b:6379', { host: 'c', port: 6379, password: 'secret' }],
 *   options: { retry_timeout: 50 },
 * };
 * ```
 */
export interface RedisLockConfig extends RedisConnectionConfig {
  /** One for each master; a text stands for a uri, and one text in place of all for uris with commas between them. */
  readonly connections?: string | Sections<string | RedisConnectionConfig> | Absent;
  /** The only connection, where `connections` is absent. */
  readonly connection?: string | RedisConnectionConfig | Absent;
  /** One for each connection, matched by name or number. */
  readonly credentials?: Sections<RedisCredentialConfig | RedisCredentialProvider> | Absent;
  /** One for all masters, where `credentials` is absent. */
  readonly credential?: RedisCredentialConfig | RedisCredentialProvider | Absent;
  readonly options?: RedisLockOptions | Absent;
  /** A container hands it over. The name in it, unless it is `default`, begins each log line and warning of the lock. */
  readonly descriptor?: unknown;
  /** A container hands it over; it is not read. */
  readonly type?: unknown;
}

/** A section's name and a dot before a key, as Pip.Services writes flat configuration. */
type DottedKey = `${'connections' | 'connection' | 'credentials' | 'credential' | 'options' | 'tls'}.${string}`;

/** The same configuration under dotted keys, such as `options.retries`; their spelling is checked by `open`. */
export interface FlatRedisLockConfig {
  readonly [key: DottedKey]: string | number | boolean | Absent;
}

/** A uri, as text or as a `URL`. */
type Uri = string | { readonly href: string };

/**
 * What `configure` takes: parameters of Pip.Services of either origin, a plain object, nested or flat, or the connections
 * alone: a uri, several with commas between them, or a list.
 */
export type RedisLockConfigSource =
  StringValueMap | RedisLockConfig | FlatRedisLockConfig | Uri | readonly (Uri | RedisConnectionConfig)[];

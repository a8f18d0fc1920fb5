export { DefaultRedlockFactory } from './build/DefaultRedlockFactory';
export { RedisLock } from './lock/RedisLock';
export type { AdoptOptions, CloseOptions, Fenced, LeaseOptions, LockKeys, TryLeaseOptions } from './lock/LeaseOptions';
export type { FencedLease, Lease } from './lease/Lease';
export type { HandedOver } from './lease/HandedOver';
export type { MasterAnswer, ReleaseOptions, ReleaseOutcome } from './lease/ReleaseOutcome';
export { Lock } from './lock/Lock';
export type {
  FlatRedisLockConfig,
  RedisConnectionConfig,
  RedisCredentialConfig,
  RedisCredentialProvider,
  RedisLockConfig,
  RedisLockConfigSource,
  RedisLockOptions,
  RedisSentinelConfig,
  RedisTlsConfig,
} from './config/RedisLockConfig';
export type { ILock } from './lock/ILock';
export type { LockStatus, MasterStatus } from './lock/LockStatus';
export { ErrorCode } from './contract/ErrorCode';
export { isLockError, type LockError } from './contract/isLockError';
export { ConfigParams } from './contract/ConfigParams';
export type { CancelSignal } from './contract/CancelSignal';
export { Context, type ContextLike, type IContext } from './contract/Context';
export { Descriptor, type IDescriptor } from './contract/Descriptor';
export { References, type IReferences } from './contract/References';
export type { IClosable, IConfigurable, IFactory, IOpenable, IReferenceable } from './contract/component';
export type { ConnectionParams, CredentialParams, ICredentialStore, IDiscovery } from './contract/connect';
export { LogLevel, type ICounters, type ILogger, type ITracer } from './contract/observability';

export { DefaultRedlockFactory } from './build/DefaultRedlockFactory';
export { RedisLock } from './lock/RedisLock';
export type { AdoptOptions, LeaseOptions, TryLeaseOptions } from './lock/LeaseOptions';
export type { Lease } from './lease/Lease';
export type { HandedOver } from './lease/HandedOver';
export type { MasterAnswer, ReleaseOptions, ReleaseOutcome } from './lease/ReleaseOutcome';
export { Lock } from './lock/Lock';
export type { ILock } from './lock/ILock';
export type { LockStatus, MasterStatus } from './lock/LockStatus';

export type { Configuration } from './config/given';
export { ErrorCode } from './contract/ErrorCode';
export { ConfigParams, type ConfigSource } from './contract/ConfigParams';
export { Context, type ContextLike, type IContext } from './contract/Context';
export { Descriptor } from './contract/Descriptor';
export { References, type IReferences } from './contract/References';
export type { IClosable, IConfigurable, IFactory, IOpenable, IReferenceable } from './contract/component';
export type { ConnectionParams, CredentialParams, ICredentialStore, IDiscovery } from './contract/connect';
export { LogLevel, type ICounters, type ILogger, type ITracer } from './contract/observability';

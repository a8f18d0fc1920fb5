import type { ConfigParams } from './ConfigParams';
import type { IContext } from './Context';
import type { IReferences } from './References';

/** A component that takes configuration. */
export interface IConfigurable {
  configure(config: ConfigParams): void;
}

/** A component that looks up the components it depends on. */
export interface IReferenceable {
  setReferences(references: IReferences): void;
}

/** A component that holds resources to be given back. */
export interface IClosable {
  close(context: IContext): Promise<void>;
}

/** A component that is opened before it is used. */
export interface IOpenable extends IClosable {
  isOpen(): boolean;
  open(context: IContext): Promise<void>;
}

/** Creates components for the descriptors that a container reads in its configuration. */
export interface IFactory {
  /** @returns the locator under which the component can be created, `null` where it cannot. */
  canCreate(locator: unknown): unknown;
  create(locator: unknown): unknown;
}

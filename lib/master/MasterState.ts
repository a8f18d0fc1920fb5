import type { MasterError } from './MasterError';

/** Where a master stands. Only a `ready` one is sent anything but what makes it ready. */
export type MasterState =
  /** Neither answered nor failed yet. */
  | { readonly kind: 'connecting' }
  | { readonly kind: 'ready' }
  /** Not usable now; it is being connected to again, without end. */
  | { readonly kind: 'away'; readonly error: MasterError }
  | { readonly kind: 'closed'; readonly error: MasterError };

import { replaceSockets } from './network/Network';
import { replaceGlobals } from './world/globals';

/**
 * Time, chance and sockets are the simulation's in this process from now on, whoever asks for them. The library takes them
 * from the platform where it uses them, so that nothing is handed to it.
 */
export function replacePlatform(): void {
  replaceSockets();
  replaceGlobals();
  // Each schedule would print its own.
  process.emitWarning = () => {};
}

import { type ApplicationException, ConfigException } from 'pip-services4-commons-node';

/** @returns what the work was refused with; fails when it was not, or with something else than a ConfigException. */
export async function refusalOf(work: () => unknown): Promise<ApplicationException> {
  try {
    await work();
  } catch (error) {
    if (error instanceof ConfigException) return error;
    throw error;
  }
  throw new Error('Nothing was refused');
}

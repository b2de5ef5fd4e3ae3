/** A command line that can't be understood, or asks what can't be done: exit code 2. The message names what is wrong with it. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError';
}

type Kind = abstract new (...args: never[]) => Error;

/**
 * Do what was asked. An error of a kind that whoever asked can mend by asking otherwise becomes a usage error.
 * @throws UsageError with the message of such an error, and all others as they are
 */
export async function mendable<T>(kinds: readonly Kind[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (kinds.some((kind) => error instanceof kind))
      throw new UsageError((error as Error).message, { cause: error });
    throw error;
  }
}

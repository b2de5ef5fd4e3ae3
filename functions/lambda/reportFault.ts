/** Tells an error that is ours to the function's log, a line of JSON with nothing of the request. */
export const reportFault = (error: unknown): void =>
  console.error(
    JSON.stringify({
      level: 'error',
      error: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
    }),
  );

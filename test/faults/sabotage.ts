import { isDeepStrictEqual } from 'node:util';
import type { Telling } from './service.ts';
import type { Rewrite } from './table.ts';

/** Breaks an invariant on purpose, to see whether anyone notices. */
export interface Sabotage {
  rewrite?: Rewrite;
  telling?: Telling;
}

/** The same, telling each time that it makes a difference: one that never does aims at nothing. */
export function told({ rewrite, telling }: Sabotage, differs: () => void): Sabotage {
  const compared = <T>(before: unknown, after: T): T => {
    if (!isDeepStrictEqual(before, after)) differs();
    return after;
  };
  const { event, sets, plain } = telling ?? {};
  return {
    ...(rewrite && {
      rewrite: (operation, input, actor) => compared(input, rewrite(operation, input, actor)),
    }),
    telling: {
      ...(event && { event: (given, actor) => compared(given, event(given, actor)) }),
      ...(sets && { sets: (given) => compared(given, sets(given)) }),
      ...(plain && { plain: (given) => compared(given, plain(given)) }),
    },
  };
}

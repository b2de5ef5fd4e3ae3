import type { Outcome, Parts } from './command.ts';

/** Run a command by another file of the project, with words and flags as they were given. */
export const passedTo =
  (file: string) =>
  async (
    {
      words,
      values,
    }: {
      readonly words: readonly string[];
      readonly values: Readonly<Record<string, string | boolean | string[] | undefined>>;
    },
    { spawn }: Parts,
  ): Promise<Outcome> => {
    const given = Object.entries(values).flatMap(([flag, value]) =>
      value === undefined ? [] : value === true ? [`--${flag}`] : [`--${flag}=${value}`],
    );
    return { code: await spawn(file, [...words, ...given]) };
  };

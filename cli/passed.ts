import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Outcome } from '../shared/command/command.ts';

/** Run a command by another file of the project, with words and flags as they were given, and its own environment but the API key. */
export const passedTo =
  (file: string) =>
  async ({
    words,
    values,
  }: {
    readonly words: readonly string[];
    readonly values: Readonly<Record<string, string | boolean | string[] | undefined>>;
  }): Promise<Outcome> => {
    const given = Object.entries(values).flatMap(([flag, value]) =>
      value === undefined ? [] : value === true ? [`--${flag}`] : [`--${flag}=${value}`],
    );
    return { code: await run(file, [...words, ...given]) };
  };

function run(file: string, args: readonly string[]): Promise<number> {
  const { AMPJAR_KEY: _, ...env } = process.env;
  const path = fileURLToPath(new URL(`../${file}`, import.meta.url));
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), path, ...args], {
    stdio: 'inherit',
    env,
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

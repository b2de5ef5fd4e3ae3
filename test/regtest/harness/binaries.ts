import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The Go programs that the module in test/regtest/tools builds. */
export const BINARIES = ['lnd', 'lncli', 'btcd', 'btcctl'] as const;

export type Binary = (typeof BINARIES)[number];

const folder = new URL('../../../.cache/bin/', import.meta.url);

/** Where the build puts a program, whether it is there yet or not. */
export const binaryPath = (name: Binary): string => fileURLToPath(new URL(name, folder));

/**
 * The path of a program that has been built.
 * @throws Error that names the command which builds it
 */
export function builtBinary(name: Binary): string {
  const path = binaryPath(name);
  if (!existsSync(path)) throw new Error(`${name} is not built: run npx tsx test/regtest/build.ts`);
  return path;
}

import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** What Node is given to run `ampjar`, and a connector as its unit does: the programs in one file each, and their commands beside them. */
    program: { readonly ampjar: string; readonly connector: string };
  }
}

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/**
 * The programs bundled once for all test files, since they start three times as fast as their sources. They lie one folder
 * deep, as the sources' rooms do, from where these find what they read.
 */
export default async function setup(project: TestProject): Promise<() => void> {
  const dir = mkdtempSync(join(ROOT, '.program-'));
  await build({
    entryPoints: { ampjar: join(ROOT, 'cli/main.ts'), connector: join(ROOT, 'connector/main.ts') },
    bundle: true,
    splitting: true,
    packages: 'external',
    outdir: dir,
    outExtension: { '.js': '.mjs' },
    platform: 'node',
    format: 'esm',
    target: 'node20',
  });
  project.provide('program', { ampjar: join(dir, 'ampjar.mjs'), connector: join(dir, 'connector.mjs') });
  return () => rmSync(dir, { recursive: true, force: true });
}

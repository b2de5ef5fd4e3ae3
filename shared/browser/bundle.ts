import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/**
 * A module for browsers and all that it imports, minified, as one text: a module itself, or a script that leaves no name behind
 * (`iife`). Depends on the modules alone, and on esbuild's release.
 */
export async function bundle(entry: URL, format: 'esm' | 'iife'): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(entry)],
    bundle: true,
    minify: true,
    format,
    target: 'es2022',
    charset: 'utf8',
    write: false,
  });
  return outputFiles[0]!.text;
}

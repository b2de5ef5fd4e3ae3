import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/**
 * Write a document's text, or with `--check` only compare: what is bundled and deployed is then what was committed.
 * @param args `[--check] [path]`, the path that of the committed file unless told
 */
export function writeOpenapi(text: string, committed: string, [mode, path = committed]: string[]) {
  if (mode === undefined) return writeFileSync(path, text);
  if (mode === '--check' && existsSync(path) && readFileSync(path, 'utf8') === text) return;
  process.stderr.write(`${path}: not what the schemas say; npm run openapi writes it\n`);
  process.exitCode = 1;
}

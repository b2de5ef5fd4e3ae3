import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { documentOf } from './document.ts';

/** The document as it stands in `openapi.json`. */
export const openapiText = () => `${JSON.stringify(documentOf(), null, 2)}\n`;

/** Write the document, or with `--check` only compare. */
function main([mode, path = fileURLToPath(new URL('openapi.json', import.meta.url))]: string[]) {
  if (mode === undefined) return writeFileSync(path, openapiText());
  if (mode === '--check' && existsSync(path) && readFileSync(path, 'utf8') === openapiText()) return;
  process.stderr.write(`${path}: not what the schemas say; npm run openapi writes it\n`);
  process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv.slice(2));

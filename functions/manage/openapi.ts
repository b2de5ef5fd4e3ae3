import { fileURLToPath } from 'node:url';
import { writeOpenapi } from '../openapiFile.ts';
import { documentOf } from './document.ts';

/** The document as it stands in `openapi.json`. */
export const openapiText = () => `${JSON.stringify(documentOf(), null, 2)}\n`;

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeOpenapi(openapiText(), fileURLToPath(new URL('openapi.json', import.meta.url)), process.argv.slice(2));

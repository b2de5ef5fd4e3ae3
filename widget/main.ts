import { fileURLToPath } from 'node:url';
import { buildWidget } from './build.ts';

await buildWidget(fileURLToPath(new URL('../dist/static', import.meta.url)));
